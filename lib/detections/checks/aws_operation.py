"""A query asks for an AWS event that its service does not write.

CloudTrail's `eventName` (`event.action`) is the name of an API operation of the service in `eventSource`
(`event.provider`), letter for letter. A rule for a name that no service writes is valid everywhere and never fires:
public rules have lain dead for years for `Create Cache Security Group` with blanks, or for an operation of a
neighbouring service. The check takes `event.provider` and `event.action` that stand in the same conjunction, lists and
`or` included, and looks them up in botocore 1.44 and in a table of events that are not operations (`ConsoleLogin`,
`SharedSnapshotVolumeCreated`). A wildcard must fit at least one name. What is under a `not` is not looked at.

It is an error where the meant name can be told: a slip, or another service's operation. Where the name is like none,
AWS may simply be newer than the list, and it is a warning.

Bad:

```
event.provider: "elasticache.amazonaws.com" and event.action: "Create Cache Security Group"
```

Good:

```
event.provider: "elasticache.amazonaws.com" and event.action: "CreateCacheSecurityGroup"
```
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detections.catalog import aws
from detections.checks.queries import RuleQuery, predicates_of, queries_of
from detections.errors import Finding, Level
from detections.plan.predicate import And, Equals, IsTrue, Like, Or, Predicate, Test
from detections.rule import Rule
from detections.values import wildcard

CODE = "aws-operation"
ACTION, PROVIDER = "event.action", "event.provider"
DATASETS = frozenset({"data_stream.dataset", "event.dataset"})
CLOUDTRAIL = "aws.cloudtrail"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the conjunctions around a leaf say: the event is from CloudTrail, and from one of these providers."""

    cloudtrail: bool = False
    providers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """``value`` is what is wrong, ``test`` the leaf that holds it; ``sure``: it is a mistake, not AWS's news."""

    test: Test
    value: str
    message: str
    hint: str = ""
    sure: bool = True


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        scope = Scope(cloudtrail=_only_cloudtrail(asked))
        for problem in (problem for predicate in predicates_of(asked) for problem in _problems(predicate, scope)):
            level = Level.ERROR if problem.sure else Level.WARNING
            start, length = _place(asked, problem)
            yield rule.document.finding(CODE, problem.message, asked.keys, start, length, level, problem.hint)


def _only_cloudtrail(asked: RuleQuery) -> bool:
    """Whether the query is asked of the indices of CloudTrail alone."""
    return bool(asked.indices) and all(CLOUDTRAIL in index for index in asked.indices)


def _problems(predicate: Predicate, scope: Scope) -> Iterator[Mistake]:
    match predicate:
        case And():
            items = _conjuncts(predicate)
            scope = _narrow(scope, items)
            for item in items:
                yield from _problems(item, scope)
        case Or(items):
            for item in items:
                yield from _problems(item, _narrow(scope, [item]))
        case IsTrue(item):
            yield from _problems(item, scope)
        case Test(field=field) if field.name == PROVIDER:
            yield from _check_provider(predicate, scope)
        case Test(field=field) if field.name == ACTION:
            yield from _check_action(predicate, scope)


def _conjuncts(predicate: Predicate) -> list[Predicate]:
    match predicate:
        case And(items):
            return [inner for item in items for inner in _conjuncts(item)]
        case IsTrue(item):
            return _conjuncts(item)
        case _:
            return [predicate]


def _narrow(scope: Scope, items: list[Predicate]) -> Scope:
    for item in items:
        tests = _alternatives(item)
        names = {test.field.name for test in tests}
        if names == {PROVIDER}:
            scope = replace(scope, providers=tuple(name for test in tests for name in _providers(test)))
        elif names and names <= DATASETS and all(_texts(test) == [CLOUDTRAIL] for test in tests):
            scope = replace(scope, cloudtrail=True)
    return scope


def _alternatives(predicate: Predicate) -> list[Test]:
    """The leaves of a disjunction of plain leaves; nothing for any other predicate."""
    match predicate:
        case Test(operator=Equals() | Like()):
            return [predicate]
        case Or(items):
            inner = [_alternatives(item) for item in items]
            return [test for tests in inner for test in tests] if all(inner) else []
        case IsTrue(item):
            return _alternatives(item)
        case _:
            return []


def _texts(test: Test) -> list[str]:
    return sorted(map(str, test.operator.values)) if isinstance(test.operator, Equals) else []


def _providers(test: Test) -> list[str]:
    """The providers that satisfy the leaf: the names it lists, or the known ones that fit its pattern."""
    if isinstance(test.operator, Like):
        fits = wildcard.matcher(test.operator.pattern)
        return sorted(name for name in aws.providers() if fits(name))
    return _texts(test)


def _check_provider(test: Test, scope: Scope) -> Iterator[Mistake]:
    if isinstance(test.operator, Like):
        if scope.cloudtrail and not _providers(test):
            yield Mistake(test, _pattern(test.operator), "no known AWS service matches this pattern", sure=False)
        return
    for name in _texts(test):
        if name in aws.providers() or not (scope.cloudtrail or name.endswith(aws.SUFFIX)):
            continue
        meant = aws.suggest_provider(name)
        hint = f"did you mean {meant}?" if meant else ""
        yield Mistake(test, name, f"unknown CloudTrail event source {name}", hint, sure=bool(meant))


def _check_action(test: Test, scope: Scope) -> Iterator[Mistake]:
    providers = [name for name in scope.providers or () if name in aws.providers()]
    if not providers:
        if not scope.cloudtrail or scope.providers:
            return  # nothing says that it is AWS, or its provider is a finding already
        providers = sorted(aws.providers())
    if isinstance(test.operator, Like):
        fits = wildcard.matcher(test.operator.pattern)
        known = (event for name in providers for event in aws.events(name))
        if not any(map(fits, known)) and not aws.may_be_dated(test.operator.pattern, providers):
            yield Mistake(test, _pattern(test.operator), f"{_whose(providers)} has no event that matches this pattern")
        return
    for action in _texts(test):
        if not any(aws.is_operation(name, action) for name in providers):
            yield _unknown(test, action, providers)


def _unknown(test: Test, action: str, providers: list[str]) -> Mistake:
    message = f"{_whose(providers)} has no event {action}"
    elsewhere = aws.providers_of(action)
    if elsewhere:
        return Mistake(test, action, message, f"{', '.join(elsewhere)} has")
    meant = aws.closest(action, {event for name in providers for event in aws.events(name)})
    return Mistake(test, action, message, f"did you mean {meant}?" if meant else "", sure=bool(meant))


def _whose(providers: list[str]) -> str:
    return " or ".join(providers) if len(providers) <= 3 else "AWS"


def _pattern(operator: Like) -> str:
    return "".join(part if isinstance(part, str) else part.symbol for part in operator.pattern)


def _place(asked: RuleQuery, problem: Mistake) -> tuple[int, int]:
    """Where the value stands in the leaf's text, as an offset into the query and a length."""
    start, end = problem.test.span
    at = asked.text.find(problem.value, start, end)
    return (at, len(problem.value)) if at >= 0 else (start, max(1, end - start))
