"""The parser: EQL's statements as Elasticsearch 9 has them, by recursive descent.

What Elasticsearch refuses while it builds its tree, without a look at the types of fields, is refused here: a sequence
of one event, ``maxspan`` left out beside a missing event, stages with different numbers of join keys, pipes that it
does not have.
"""

from __future__ import annotations

import difflib

from detections.query.eql.ast import (
    Arithmetic,
    EventFilter,
    Expression,
    FieldName,
    Literal,
    Negative,
    Pipe,
    Query,
    Sample,
    Sequence,
    Term,
    TimeSpan,
)
from detections.query.eql.expressions import Expressions
from detections.query.eql.scan import Token
from detections.values import limits

MAX_STAGES = limits.SEQUENCE_EVENTS.most
"""The most events of a sequence, a run of n events counted n times."""
MAX_SAMPLES = limits.SAMPLE_EVENTS.most
"""The most events of a sample."""
MAX_RUNS = limits.RUNS.most
"""The most runs of one event."""
MAX_PIPE = 2**31 - 1
"""The most that head and tail can ask for."""

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
"""Units of ``maxspan`` -> milliseconds."""

_EVENT = ("the category of an event", "'any'")
_OTHER_PIPES = frozenset(("count", "filter", "sort", "unique", "unique_count"))


def parse(text: str) -> Query:
    """The syntax tree of an EQL query.

    Raises:
        QuerySyntaxError: the text is not EQL of Elasticsearch 9.
    """
    return _Parser(text).query()


class _Parser(Expressions):
    def query(self) -> Query:
        kind = self.token.kind
        body: EventFilter | Sequence | Sample
        if kind == "sequence":
            body = self._sequence()
        elif kind == "sample":
            body = self._sample()
        elif kind == "join":
            raise self.refuse("Elasticsearch has no 'join': write a 'sequence' or a 'sample'", self.token)
        else:
            body = self._event_filter("'sequence'", "'sample'")
        pipes: list[Pipe] = []
        if self.token.kind == "|" and isinstance(body, Sample):
            raise self.refuse("a sample takes no pipes", self.token)
        while self.accept("|"):
            pipes.append(self._pipe())
        if self.token.kind != "end":
            pipe = () if isinstance(body, Sample) else ("'|'",)
            raise self.unexpected(*self._after(body), *pipe, "end of query")
        return Query(body, tuple(pipes), self.end_of(body.span[0]))

    def _after(self, body: EventFilter | Sequence | Sample) -> tuple[str, ...]:
        """What may stand behind a body besides pipes."""
        if self._tokens[self._at - 1].kind == "]":
            return "'['", "'by'"
        return ("an operator",) if isinstance(body, EventFilter) else ()

    def _event_filter(self, *others: str) -> EventFilter:
        token = self.token
        category: str | None
        if token.kind == "any":
            self.take()
            category = None
        elif token.kind == "string":
            category = self.string()
        elif token.kind == "name":
            category = self.take().text
        elif token.kind == "quoted":
            message = 'a category cannot be in back-quotes: write it in double quotes (")'
            raise self.refuse(message, token)
        else:
            raise self.unexpected(*others, *_EVENT)
        if self.token.kind != "where" and difflib.get_close_matches(category or "", [one.strip("'") for one in others]):
            self._at -= 1  # no category at all: a misspelt 'sequence' or 'sample'
            raise self.unexpected(*others, *_EVENT)
        self.expect("where")
        condition = self.expression()
        return EventFilter(category, condition, self.end_of(token.start), (token.start, token.end))

    # Sequences and samples.

    def _sequence(self) -> Sequence:
        start = self.take().start
        by = self._keys()
        maxspan = self._maxspan() if self.token.kind == "with" else None
        if maxspan and self.token.kind == "by":
            raise self.refuse("'by' goes before 'with maxspan', not after it", self.token)
        others = () if by and maxspan else ("'with'",) if by else ("'by'",) if maxspan else ("'by'", "'with'")
        terms = self._terms(others)
        until = self._until(len(terms[0].by)) if self.accept("until") else None
        sequence = Sequence(by, maxspan, terms, until, self.end_of(start))
        self._refuse_sequence(sequence)
        return sequence

    def _refuse_sequence(self, sequence: Sequence) -> None:
        head = sequence.span[0], sequence.span[0] + len("sequence")
        count = sum(term.runs for term in sequence.terms)
        if count < 2:
            raise self.refuse("a sequence is of at least 2 events, this one has 1", head)
        if count > MAX_STAGES:
            raise self.refuse(f"a sequence is of at most {MAX_STAGES} events, this one has {count}", head)
        missing = next((term for term in sequence.terms if term.missing), None)
        if missing is None:
            return
        if all(term.missing for term in sequence.terms):
            raise self.refuse("a sequence needs an event that is not missing, '[', not '!['", head)
        if sequence.maxspan is None:
            message = "a missing event, '![', needs 'with maxspan' after 'sequence'"
            raise self.refuse(message, (missing.span[0], missing.span[0] + 2))

    def _sample(self) -> Sample:
        start = self.take().start
        by = self._keys()
        terms = self._terms(() if by else ("'by'",), sample=True)
        head = start, start + len("sample")
        if not by and not terms[0].by:
            raise self.refuse("a sample needs a key: write 'sample by' and a field", head)
        if len(terms) > MAX_SAMPLES:
            raise self.refuse(f"a sample is of at most {MAX_SAMPLES} events, this one has {len(terms)}", head)
        return Sample(by, terms, self.end_of(start))

    def _terms(self, others: tuple[str, ...], *, sample: bool = False) -> tuple[Term, ...]:
        terms = [self._term(others, sample=sample)]
        while self.token.kind in ("[", "!["):
            term = self._term(sample=sample)
            self._refuse_keys(len(terms[0].by), term)
            terms.append(term)
        return tuple(terms)

    def _until(self, keys: int) -> Term:
        term = self._term()
        self._refuse_keys(keys, term)
        if term.runs > 1:
            raise self.refuse("'until' takes an event without runs", term.span)
        return term

    def _refuse_keys(self, expected: int, term: Term) -> None:
        found = len(term.by)
        if found != expected:
            if not found and self.token.kind == "name":
                raise self.unexpected("'by'")
            span = (term.by[0].span[0], term.by[-1].span[1]) if term.by else term.span
            message = f"each event needs as many keys as the first: expected {expected}, found {found}"
            raise self.refuse(message, span)

    def _term(self, others: tuple[str, ...] = (), *, sample: bool = False) -> Term:
        opening = self.token
        if opening.kind not in ("[", "!["):
            raise self.unexpected(*others, "'['")
        missing = opening.kind == "!["
        if missing and sample:
            raise self.refuse("a sample has no missing events: only a sequence has '!['", opening)
        self.take()
        event = self._event_filter()
        self.expect("]", "an operator")
        by = self._keys()
        runs = 1
        if not sample and self.token.kind == "with":
            runs = self._runs()
        return Term(event, by, missing, runs, self.end_of(opening.start))

    def _keys(self) -> tuple[FieldName, ...]:
        if not self.accept("by"):
            return ()
        keys = [self._key()]
        while self.accept(","):
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> FieldName:
        key = self.expression()
        if not isinstance(key, FieldName):
            raise self.refuse("a join key is a field", key.span)
        return key

    def _option(self, name: str) -> Token:
        """Take ``with name = number``; the number is returned."""
        self.take()
        if self.token.text != name or self.token.kind not in (name, "name"):
            raise self.unexpected(f"'{name}'")
        self.take()
        self.expect("=")
        token = self.take()
        if token.kind == "decimal":
            raise self.refuse(f"'{name}' takes a whole number", token)
        if token.kind != "integer":
            self._at -= token.kind != "end"
            raise self.unexpected("a number")
        if not token.text.strip("0"):
            raise self.refuse(f"'{name}' takes a number greater than 0", token)
        return token

    def _maxspan(self) -> TimeSpan:
        number = self._option("maxspan")
        unit = self.token
        if unit.kind != "name":
            message = f"no unit of time: did you mean {number.text}s? There are {', '.join(UNITS)}"
            raise self.refuse(message, number)
        self.take()
        if unit.text not in UNITS:
            raise self.refuse(f"unknown unit of time '{unit.text}': expected one of {', '.join(UNITS)}", unit)
        count = self._whole(number)
        if count >= 2**63:
            raise self.refuse("number is too large", number)
        return TimeSpan(int(count), unit.text, (number.start, unit.end))

    def _runs(self) -> int:
        number = self._option("runs")
        runs = self._whole(number)
        if runs > MAX_RUNS:
            raise self.refuse(f"'runs' is at most {MAX_RUNS}", number)
        return int(runs)

    # Pipes.

    def _pipe(self) -> Pipe:
        name = self.token
        if name.text not in ("head", "tail"):
            if name.text in _OTHER_PIPES:
                raise self.refuse(f"Elasticsearch has no pipe '{name.text}', only head and tail", name)
            raise self.unexpected("head", "tail")
        self.take()
        if self.token.kind in ("|", "end"):
            raise self.unexpected(f"a number: how many results '{name.text}' keeps")
        count = self.expression()
        value = _sum(count)
        if value is None or not 0 <= value <= MAX_PIPE:
            raise self.refuse(f"'{name.text}' takes a whole number from 0 to {MAX_PIPE}", count.span)
        if self.token.kind == ",":
            raise self.refuse(f"'{name.text}' takes one number", self.token)
        return Pipe("head" if name.text == "head" else "tail", value, self.end_of(name.start))


def _sum(node: Expression) -> int | None:
    """What whole constants come to, divided towards zero; None where it is another thing."""
    match node:
        case Literal(int() as value) if not isinstance(value, bool):
            return value
        case Negative(operand):
            inner = _sum(operand)
            return None if inner is None else -inner
        case Arithmetic(operator, first, second):
            left, right = _sum(first), _sum(second)
            if left is None or right is None or (operator in "/%" and right == 0):
                return None
            if operator in "/%":
                quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
                return quotient if operator == "/" else left - right * quotient
            return left + right if operator == "+" else left - right if operator == "-" else left * right
    return None
