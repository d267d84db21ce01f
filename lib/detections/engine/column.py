"""One field over the events of a batch: what its type makes of the raw values, and which rows hold which.

A column knows its distinct values and the rows of each, so that a question is asked once a value. Few distinct values
are kept as one byte a row, which turns a set of values into a set of rows with one table; many as lists of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from detections.functions.dateformat import read_date
from detections.mapping import DYNAMIC, UNMAPPED, Field
from detections.values.analysis import ANALYZERS, standard_tokens
from detections.values.bits import of_rows
from detections.values.coerce import coercion, json_text, scaled
from detections.values.dates import parse_date
from detections.values.geo import parse_points
from detections.values.order import lower, utf16_length

_MOST_CODES = 255
# Doc values of these families are sets; numbers, dates and booleans keep a value that occurs twice.
_SETS = ("keyword", "flattened", "ip", "version", DYNAMIC)


class Column:
    """The values of a field.

    ``raw`` has one value a row, as :meth:`detections.events.Batch.column` gives them, and ``known`` are the rows that
    it has values of: all, where it is not given. A normalised value is what :mod:`detections.values.coerce` makes of a
    raw one; of a text field it is the tuple of its tokens. Which rows hold a value is asked when all rows are known.
    """

    def __init__(self, field: Field, raw: list[Any], known: int | None = None) -> None:
        self.size = len(raw)
        self.known = (1 << self.size) - 1 if known is None else known
        self._raw = raw
        self._normalise = normaliser(field)
        self._normalised: dict[Hashable, Any] = {}
        self._root = field.key == ""
        self._points = field.type == "geo_point"
        self._set = field.family in _SETS
        self._codes: bytes | None = None
        self._places: dict[object, list[int]] | None = None
        self._present = 0
        self._several = 0

    def learn(self, raw: list[Any], known: int) -> None:
        """Take the raw values of more rows."""
        self._raw, self.known = raw, known

    def values(self, row: int) -> list[Any]:
        """The normalised values of a row: each once where the type keeps a set, else as they stand."""
        raw = self._raw[row]
        if raw is None:
            return []
        if self._points:
            return parse_points(raw)
        if isinstance(raw, str):
            found = self._value(raw)
            return [] if found is None else [found]
        values = [value for value in map(self._value, scalars(raw, inside=self._root)) if value is not None]
        return list(dict.fromkeys(values)) if self._set and len(values) > 1 else values

    def cells(self, rows: Sequence[int], pack: Callable[[list[object]], object]) -> list[object]:
        """What ``pack`` makes of the normalised values of some rows; of none it makes None."""
        raw = self._raw if len(rows) == self.size else [self._raw[row] for row in rows]
        if set(map(type, raw)) <= {str, type(None)}:
            known = {one: None if one is None else self._value(one) for one in set(raw)}
            return list(map(known.__getitem__, raw))
        return [pack(self.values(row)) for row in rows]

    def _value(self, raw: object) -> object:
        # 1, 1.0 and True are one key, but not one value.
        key = raw if isinstance(raw, str) else (type(raw), raw)
        try:
            return self._normalised[key]
        except KeyError:
            found = self._normalised[key] = self._normalise(raw)
            return found

    @property
    def is_whole(self) -> bool:
        """Whether the values of all rows are known."""
        return self.known == (1 << self.size) - 1

    @property
    def is_indexed(self) -> bool:
        """Whether the places of the values are known."""
        return self._places is not None

    @property
    def present(self) -> int:
        """The rows with a value."""
        _ = self.index
        return self._present

    @property
    def several(self) -> int:
        """The rows with more than one value."""
        _ = self.index
        return self._several

    def rows_by_value(self) -> Iterator[tuple[object, int]]:
        """Each value, and the rows that have it."""
        return ((value, self.rows(places)) for value, places in self.index.items())

    @property
    def index(self) -> dict[object, list[int]]:
        """Each value with its places, of which :meth:`rows` makes rows."""
        if self._places is None:
            if self._is_constant():
                self._places = self._index_constant(self._raw[0])
            elif set(map(type, self._raw)) <= {str, type(None)}:
                self._places = self._index_plain()
            else:
                self._places = self._index_any()
        return self._places

    def rows(self, places: list[int]) -> int:
        """The rows of some places: codes, where there are codes, else rows."""
        if not places or self._codes is None:
            return of_rows(places, self.size)
        table = bytearray(b"0") * 256
        for code in places:
            table[code] = 49
        return int(self._codes.translate(table), 2)

    def _is_constant(self) -> bool:
        """Whether all rows have one and the same text. That is seen without looking at each."""
        raw = self._raw
        return bool(raw) and isinstance(raw[0], str) and raw[0] is raw[-1] and raw.count(raw[0]) == self.size

    def _index_constant(self, raw: str) -> dict[object, list[int]]:
        value = self._value(raw)
        if value is None:
            return {}
        self._codes = b"\1" * self.size
        self._present = (1 << self.size) - 1
        return {value: [1]}

    def _index_plain(self) -> dict[object, list[int]]:
        distinct = dict.fromkeys(self._raw)
        distinct.pop(None, None)
        if len(distinct) > _MOST_CODES:
            return self._index_rows()
        codes: dict[object, int] = {raw: code for code, raw in enumerate(distinct, 1)}
        places: dict[object, list[int]] = {}
        for raw, code in codes.items():
            value = self._value(raw)
            if value is not None:
                places.setdefault(value, []).append(code)
        codes[None] = 0
        # The last row first: its digit is the highest of the number made of them.
        self._codes = bytes(map(codes.__getitem__, reversed(self._raw)))
        self._present = self.rows([code for found in places.values() for code in found])
        return places

    def _index_rows(self) -> dict[object, list[int]]:
        by_raw: dict[str, list[int]] = {}
        for row, raw in enumerate(self._raw):
            if raw is not None:
                if raw in by_raw:
                    by_raw[raw].append(row)
                else:
                    by_raw[raw] = [row]
        places: dict[object, list[int]] = {}
        for raw, rows in by_raw.items():
            value = self._value(raw)
            if value is not None:
                places.setdefault(value, []).extend(rows)
        self._present = of_rows([row for rows in places.values() for row in rows], self.size)
        return places

    def _index_any(self) -> dict[object, list[int]]:
        places: dict[object, list[int]] = {}
        present, several = [], []
        for row, raw in enumerate(self._raw):
            values = [] if raw is None else self.values(row)
            for value in values:
                places.setdefault(value, []).append(row)
            if values:
                present.append(row)
                if len(values) > 1:
                    several.append(row)
        self._present = of_rows(present, self.size)
        self._several = of_rows(several, self.size)
        return places


def scalars(raw: object, *, inside: bool = False) -> Iterator[object]:
    """The scalars of a raw value, in order; with ``inside`` those in objects too, at any depth."""
    waiting = [iter((raw,))]
    while waiting:
        for value in waiting[-1]:
            if isinstance(value, list):
                waiting.append(iter(value))
                break
            if isinstance(value, dict):
                if inside:
                    waiting.append(iter(value.values()))
                    break
            elif value is not None:
                yield value
        else:
            waiting.pop()


def normaliser(field: Field) -> Callable[[object], object]:
    """What a field's type makes of a raw scalar; None where it has no value for it."""
    if field.type == UNMAPPED:
        return lambda raw: None
    if field.family == "text":
        # No token is a value still: a text field exists where it is empty, as Elasticsearch documents.
        tokens = ANALYZERS.get(field.analyzer, standard_tokens)
        return lambda raw: tuple(tokens(json_text(raw)))
    if field.format is not None:
        return _dates(field.format)
    coerce = coercion(field.type)
    if field.family == "number":
        return coerce if field.scaling_factor is None else _scaled(coerce, field.scaling_factor)
    return _texts(field) if field.family in ("keyword", "flattened", DYNAMIC) else coerce


def _texts(field: Field) -> Callable[[Any], Any]:
    """How a text is read: one over ``ignore_above`` is not a value, a normalizer changes it."""
    coerce, limit, folds = coercion(field.type), field.ignore_above, field.normalizer == "lowercase"
    if limit is None and not folds:
        return coerce

    def read(raw: object) -> object:
        text = coerce(raw)
        if not isinstance(text, str):
            return text
        if limit is not None and (len(text) > limit or (2 * len(text) > limit and utf16_length(text) > limit)):
            return None
        return lower(text) if folds else text

    return read


def _scaled(coerce: Callable[[Any], Any], factor: float) -> Callable[[Any], Any]:
    def read(raw: Any) -> Any:
        value = coerce(raw)
        return None if value is None else scaled(value, factor)

    return read


def _dates(formats: str) -> Callable[[object], int | None]:
    """How a date with a format of its own is read."""

    def read(raw: Any) -> int | None:
        if isinstance(raw, bool):
            return None
        found = read_date(formats, json_text(raw))
        return parse_date(raw) if found is None else found

    return read


def nulls(document: dict[str, Any], path: str) -> int:
    """How many nulls stand at a path: what a field with a ``null_value`` has a value for."""
    count = 0
    waiting: list[tuple[object, str]] = [(document, path)]
    while waiting:
        value, rest = waiting.pop()
        if isinstance(value, list):
            waiting += [(item, rest) for item in value]
        elif not rest:
            count += value is None
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key == rest:
                    waiting.append((inner, ""))
                elif rest.startswith(f"{key}."):
                    waiting.append((inner, rest[len(key) + 1 :]))
    return count


def names(document: dict[str, Any]) -> Iterator[str]:
    """The dotted paths of the values in a document; some may come twice."""
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}" if path else key, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(path, item) for item in value]
        elif value is not None:
            yield path
