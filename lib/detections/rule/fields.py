"""The kinds of value that a rule is made of, as marshmallow fields.

marshmallow's own fields convert (``"yes"`` is a boolean, ``True`` a number); TOML has types, so these do not. What they
raise is a :class:`Invalid`: the end of a sentence that begins with the name of the value, and perhaps a hint.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError, fields, validate


class Invalid(NamedTuple):
    """What is wrong with a value, as the end of a sentence that begins with its name."""

    text: str
    hint: str = ""


class _Field(fields.Field[object]):
    default_error_messages = {"required": [Invalid("is missing")]}  # noqa: RUF012
    wanted = ""

    def fail_type(self, value: object) -> ValidationError:
        return refusal(f"must be {self.wanted}, not {kind(value)}")


class Text(_Field):
    """A string."""

    wanted = "a string"

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> object:
        if not isinstance(value, str):
            raise self.fail_type(value)
        return value


class Whole(_Field):
    """A whole number. A boolean is none."""

    wanted = "a whole number"

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> object:
        if type(value) is not int:
            raise self.fail_type(value)
        return value


class Flag(_Field):
    """true or false."""

    wanted = "true or false"

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> object:
        if not isinstance(value, bool):
            raise self.fail_type(value)
        return value


class Table(_Field):
    """A table that nobody here looks into; Kibana does."""

    wanted = "a table"

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> object:
        if not isinstance(value, dict):
            raise self.fail_type(value)
        return value


class Items(fields.List[object]):
    """A list whose items are all of one kind. With ``or_one``, a single string may stand for a list of one.

    All its wrong items are reported, each at its place.
    """

    default_error_messages = {"required": [Invalid("is missing")]}  # noqa: RUF012

    def __init__(self, inner: fields.Field[Any], *, or_one: bool = False, **kwargs: Any) -> None:
        super().__init__(inner, **kwargs)
        self.or_one = or_one

    def _deserialize(self, value: object, attr: str | None, data: Mapping[str, Any] | None, **kwargs: object) -> Any:
        if self.or_one and isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            raise refusal(f"must be a list{' or a string' if self.or_one else ''}, not {kind(value)}")
        return super()._deserialize(value, attr, data, **kwargs)


class Record(fields.Nested):
    """A table described by a schema."""

    default_error_messages = {"required": [Invalid("is missing")]}  # noqa: RUF012

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, Any] | None, partial: Any = None, **kwargs: object
    ) -> object:
        if not isinstance(value, dict):
            raise refusal(f"must be a table, not {kind(value)}")
        return super()._deserialize(value, attr, data, partial, **kwargs)


class OneOf(validate.OneOf):
    """One of a few strings; the nearest one is offered as a hint."""

    def __call__(self, value: Any) -> Any:
        if value not in self.choices:
            near = difflib.get_close_matches(value.lower(), self.choices, 1)
            hint = f"did you mean {quoted(near[0])}?" if near else ""
            choices = list(map(quoted, self.choices))
            wanted = choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise refusal(f"must be {wanted}, not {quoted(value)}", hint)
        return value


class Matches(validate.Regexp):
    """A string of a form; ``wanted`` says it in words. A regular expression that JSON Schema knows, too."""

    def __init__(self, pattern: str, wanted: str) -> None:
        super().__init__(pattern, flags=re.ASCII)
        self.wanted = wanted

    def __call__(self, value: Any) -> Any:
        if not self.regex.fullmatch(value):
            raise refusal(f"must be {self.wanted}, not {quoted(value)}")
        return value


class Between(validate.Range):
    """A number in a range, both ends included."""

    def __call__(self, value: object) -> Any:
        if (self.min is not None and value < self.min) or (self.max is not None and value > self.max):
            wanted = f"at least {self.min}" if self.max is None else f"between {self.min} and {self.max}"
            raise refusal(f"must be {wanted}, not {value}")
        return value


class Sized(validate.Length):
    """A string or list with so many characters or items."""

    def __call__(self, value: Any) -> Any:
        length = len(value)
        if self.min is not None and length < self.min:
            raise refusal("must not be empty" if self.min == 1 else f"must have at least {self.min} items")
        if self.max is not None and length > self.max:
            raise refusal(f"must have at most {self.max} items, not {length}")
        return value


def refusal(text: str, hint: str = "") -> ValidationError:
    """The error that says so; marshmallow keeps the Invalid in it as it is."""
    return ValidationError([Invalid(text, hint)])


def quoted(value: str) -> str:
    """A string as a person writes it in TOML; a long one cut."""
    return json.dumps(value if len(value) <= 60 else f"{value[:57]}...", ensure_ascii=False)


def kind(value: object) -> str:
    """What a TOML value is, in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        number = str(value) if not isinstance(value, int) or value.bit_length() < 128 else "with very many digits"
        return f"the number {number}"
    if isinstance(value, str):
        return f"the string {quoted(value)}"
    if isinstance(value, list):
        return "a list"
    return "a table" if isinstance(value, dict) else "a date or time"


def schema_of(field: fields.Field[Any]) -> type[Schema] | None:
    """The schema of a record, or of the records in a list."""
    if isinstance(field, fields.List):
        return schema_of(field.inner)
    return type(field.schema) if isinstance(field, fields.Nested) else None
