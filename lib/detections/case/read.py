"""Case files: TOML to :class:`~.model.CaseFile`, every problem of a file at once, each at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from detections.case.event import numbered
from detections.case.model import Bounds, Case, CaseFile, EventSpec, Expectation, Uncovered
from detections.errors import Finding
from detections.events.sources import known_settings
from detections.rule.keys import nearest
from detections.source import Document, Keys
from detections.values import limits

CODE = "case"

VERDICTS: tuple[Expectation, ...] = get_args(Expectation)
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_AT = re.compile(r"([+-])(\d+)([smhdw])")


_EVENT_KEYS: dict[str, type | tuple[type, ...]] = {
    "base": str, "raw": dict, "raw_unset": list, "set": dict, "unset": list, "at": str,
}  # fmt: skip
_CASE_KEYS: dict[str, type | tuple[type, ...]] = {
    "name": str, "verdict": str, "history": list, "new_terms": list, "row": dict,
    "threshold": dict, "indicators": list,
}  # fmt: skip
_HISTORY_KEYS = ("times", "every")
_NOISE_KEYS = ("max_alerts_per_day", "max_share", "must_alert")
_THRESHOLD_KEYS: dict[str, type] = {"count": int, "terms": dict, "cardinality": int}
_WORDS = {str: "a string", dict: "a table", list: "an array", int: "a whole number"}


def read_cases(document: Document) -> CaseFile:
    """The cases that a document holds. Nothing is raised: what is wrong is in ``findings``."""
    reader = _Reader(document)
    reader.unknown_keys((), document.data, ("base", "scaffolded", "case", "noise", "tables", "uncovered"))
    cases = tuple(reader.cases())
    uncovered = tuple(reader.uncovered())
    tables = reader.lookup_tables()
    scaffolded = reader.flag("scaffolded")
    noise = dict(reader.noise())
    return CaseFile(document, cases, uncovered, tuple(reader.findings), tables, scaffolded, noise)


def offset(text: str) -> int:
    """Milliseconds that a relative time such as ``-7d`` stands for.

    Raises:
        ValueError: it is not a relative time.
    """
    found = _AT.fullmatch(text)
    if not found:
        raise ValueError(f"'{text}' is not a relative time like '-7d' or '+30s' (units s m h d w)")
    sign, count, unit = found.groups()
    return int(sign + count) * _UNITS[unit]


def _plain(base: str) -> EventSpec:
    """A base event as it stands."""
    return EventSpec(base, {}, (), {}, (), {}, 0)


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self._meant: set[tuple[Keys, str]] = set()
        self._settings = {setting.name: setting.choices for setting in known_settings()}
        self._event_keys = _EVENT_KEYS | dict.fromkeys(self._settings, str)

    def problem(self, message: str, keys: Keys, hint: str = "", *, at_key: bool = False) -> None:
        # A whole case is a table of many lines: only its beginning can be pointed at.
        length = 1 if keys and isinstance(keys[-1], int) else None
        self.findings.append(self.document.finding(CODE, message, keys, length=length, hint=hint, at_key=at_key))

    def unknown_keys(self, keys: Keys, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                near = nearest(name, known)
                self._meant.add((keys, near or ""))
                hint = f"did you mean {near}?" if near else f"known keys: {', '.join(known)}"
                self.problem(f"unknown key '{name}'", (*keys, name), hint, at_key=True)

    def tables(self, name: str) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
        found = self.document.data.get(name, [])
        if not isinstance(found, list):
            self.problem(f"'{name}' must be an array of tables: [[{name}]]", (name,))
            return
        for index, table in enumerate(found):
            if isinstance(table, dict):
                yield (name, index), table
            else:
                self.problem(f"'{name}' must hold tables: [[{name}]]", (name, index))

    def cases(self) -> Iterator[Case]:
        names: set[str] = set()
        base = self.document.data.get("base")
        root = _plain(base if isinstance(base, str) else "")
        for keys, table in self.tables("case"):
            before = len(self.findings)
            self.unknown_keys(keys, table, (*self._event_keys, *_CASE_KEYS))
            name = self.text(keys, table, "name")
            if name in names:
                self.problem(f"a second case is named '{name}'", (*keys, "name"))
            names.add(name)
            verdict = self.text(keys, table, "verdict")
            expected = next((one for one in VERDICTS if one == verdict), None)
            if verdict and expected is None:
                known = f"{', '.join(map(repr, VERDICTS[:-1]))} or {VERDICTS[-1]!r}"
                self.problem(f"'verdict' must be {known}, not '{verdict}'", (*keys, "verdict"))
            event = self.event(keys, table, root)
            if not event.base and not {((), "base"), (keys, "base")} & self._meant:
                self.problem("no 'base': neither the case nor the file names an event", keys)
            history = self.history(keys, table, event)
            terms = self.new_terms(keys, table)
            row = self.row(keys, table)
            threshold = self.threshold(keys, table)
            indicators = self.indicators(keys, table)
            if event.base and expected is not None and len(self.findings) == before:
                yield Case(name, expected, event, history, terms, int(keys[-1]), row, threshold, indicators)
        if not self.document.data.get("case") and ((), "case") not in self._meant:
            self.problem("no [[case]] in this file", ())

    def event(self, keys: Keys, table: Mapping[str, Any], parent: EventSpec) -> EventSpec:
        """The event a table describes, starting from what its parent says."""
        for name, kind in self._event_keys.items():
            if name in table and not isinstance(table[name], kind):
                self.problem(f"'{name}' must be {_WORDS[kind]}", (*keys, name))  # type: ignore[index]
                return parent
        for name, choices in self._settings.items():
            if name in table and table[name] not in choices:
                self.problem(f"'{name}' must be one of {', '.join(choices)}, not '{table[name]}'", (*keys, name))
        at = 0
        if "at" in table:
            try:
                at = offset(table["at"])
            except ValueError as error:
                self.problem(f"'at': {error}", (*keys, "at"))
        return EventSpec(
            base=table.get("base", parent.base),
            raw={**parent.raw, **table.get("raw", {})},
            raw_unset=parent.raw_unset + self.strings(keys, table, "raw_unset"),
            set={**parent.set, **table.get("set", {})},
            unset=parent.unset + self.strings(keys, table, "unset"),
            settings={**parent.settings, **{name: table[name] for name in self._settings if name in table}},
            at=at,
        )

    def history(self, keys: Keys, table: Mapping[str, Any], event: EventSpec) -> tuple[EventSpec, ...]:
        found = table.get("history", [])
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self.problem("'history' must be an array of tables", (*keys, "history"))
            return ()
        specs: list[EventSpec] = []
        for index, entry in enumerate(found):
            here = (*keys, "history", index)
            self.unknown_keys(here, entry, (*self._event_keys, *_HISTORY_KEYS))
            if "at" not in entry:
                self.problem("an event of the history needs 'at'", here)
            # Another base is another event: what the case changes of its own is not for that one.
            spec = self.event(here, entry, _plain("") if "base" in entry else event)
            specs += self.times(here, entry, spec)
        if len(specs) > limits.CASE_EVENTS.most:
            self.problem(f"the history has {len(specs):,} events: {limits.CASE_EVENTS}", (*keys, "history"))
            return ()
        return tuple(specs)

    def times(self, keys: Keys, table: Mapping[str, Any], spec: EventSpec) -> Iterator[EventSpec]:
        """An event as often as ``times`` says, each ``every`` later than the one before, with its number in texts."""
        count, every = table.get("times", 1), 0
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= limits.CASE_EVENTS.most:
            problem = f"'times' must be a number from 1 to {limits.CASE_EVENTS.most:,} ({limits.CASE_EVENTS.name})"
            self.problem(problem, (*keys, "times"))
            return
        if "every" in table:
            try:
                every = offset(f"+{table['every']}")
            except ValueError:
                self.problem("'every' must be a duration like '10s' (units s m h d w)", (*keys, "every"))
                return
        for number in range(count):
            raw, changed = (numbered(dict(one), number) if "times" in table else one for one in (spec.raw, spec.set))
            yield replace(spec, raw=raw, set=changed, at=spec.at + number * every)

    def indicators(self, keys: Keys, table: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        found = table.get("indicators", [])
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self.problem("'indicators' must be an array of tables", (*keys, "indicators"))
            return ()
        if len(found) > limits.CASE_EVENTS.most:
            self.problem(f"there are {len(found):,} indicators: {limits.CASE_EVENTS}", (*keys, "indicators"))
            return ()
        return tuple(found)

    def new_terms(self, keys: Keys, table: Mapping[str, Any]) -> tuple[tuple[str, ...], ...] | None:
        if "new_terms" not in table:
            return None
        found = table["new_terms"]
        if not isinstance(found, list) or not all(isinstance(entry, list) for entry in found):
            self.problem("'new_terms' must be an array of arrays", (*keys, "new_terms"))
            return None
        return tuple(tuple(str(value) for value in entry) for entry in found)

    def row(self, keys: Keys, table: Mapping[str, Any]) -> Mapping[str, object] | None:
        found = table.get("row")
        if found is None:
            return None
        if not isinstance(found, dict) or not found:
            self.problem("'row' must be a table of columns and their values", (*keys, "row"))
            return None
        return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}

    def threshold(self, keys: Keys, table: Mapping[str, Any]) -> Mapping[str, object] | None:
        found = table.get("threshold")
        if found is None:
            return None
        if not isinstance(found, dict) or not found:
            self.problem("'threshold' must be a table with count, terms or cardinality", (*keys, "threshold"))
            return None
        self.unknown_keys((*keys, "threshold"), found, tuple(_THRESHOLD_KEYS))
        for name, value in found.items():
            kind = _THRESHOLD_KEYS.get(name, object)
            if not isinstance(value, kind) or isinstance(value, bool):
                self.problem(f"'{name}' must be {_WORDS[kind]}", (*keys, "threshold", name))
        terms = found.get("terms", {})
        if isinstance(terms, dict) and not all(isinstance(one, str) for one in terms.values()):
            self.problem("the values of 'terms' must be strings, as alerts show them", (*keys, "threshold", "terms"))
        return found

    def lookup_tables(self) -> Mapping[str, Mapping[str, Any]]:
        found = self.document.data.get("tables", {})
        if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
            self.problem("'tables' must hold tables: [tables.name]", ("tables",))
            return {}
        for name, spec in found.items():
            self.unknown_keys(("tables", name), spec, ("rows", "file", "fields", "match"))
            if ("rows" in spec) == ("file" in spec):
                self.problem("a table has either 'rows' or a 'file'", ("tables", name))
            elif not isinstance(spec.get("file", ""), str):
                self.problem("'file' must be a path below the events", ("tables", name, "file"))
        return found

    def uncovered(self) -> Iterator[Uncovered]:
        for keys, table in self.tables("uncovered"):
            self.unknown_keys(keys, table, ("leaf", "why"))
            leaf, why = self.text(keys, table, "leaf"), self.text(keys, table, "why")
            if leaf and why:
                yield Uncovered(leaf, why, int(keys[-1]))

    def noise(self) -> Iterator[tuple[str, Bounds]]:
        """The bounds for each data set: the tables [noise.<name>]."""
        found = self.document.data.get("noise", {})
        if not isinstance(found, dict):
            self.problem("'noise' must hold a table for each data set: [noise.<name>]", ("noise",))
            return
        for name, table in found.items():
            keys = ("noise", name)
            if not isinstance(table, dict):
                self.problem("'noise' must hold a table for each data set: [noise.<name>]", keys)
                continue
            self.unknown_keys(keys, table, _NOISE_KEYS)
            most = self.number(keys, table, "max_alerts_per_day")
            share = self.number(keys, table, "max_share")
            yield name, Bounds(most, share, self.strings(keys, table, "must_alert"))

    def number(self, keys: Keys, table: Mapping[str, Any], name: str) -> float | None:
        value = table.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            self.problem(f"'{name}' must be a number, 0 or more", (*keys, name))
            return None
        return value

    def text(self, keys: Keys, table: Mapping[str, Any], name: str) -> str:
        value = table.get(name)
        if name not in table and (keys, name) in self._meant:
            return ""  # it is there, misspelt, and was told
        if not isinstance(value, str) or not value.strip():
            self.problem(
                f"'{name}' must be a text" if name in table else f"no '{name}'",
                (*keys, name) if name in table else keys,
            )
            return ""
        return value

    def flag(self, name: str) -> bool:
        value = self.document.data.get(name, False)
        if not isinstance(value, bool):
            self.problem(f"'{name}' must be true or false", (name,))
        return value is True

    def strings(self, keys: Keys, table: Mapping[str, Any], name: str) -> tuple[str, ...]:
        found = table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(value, str) for value in found):
            self.problem(f"'{name}' must be an array of strings", (*keys, name))
            return ()
        return tuple(found)
