"""Tuples of values that events are grouped by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from detections.engine.hits import shown
from detections.mapping import Field
from detections.values.coerce import Scalar

Terms: TypeAlias = tuple[Scalar, ...]
"""A normalised value of each field."""


def written(fields: Sequence[Field], terms: Terms) -> tuple[str, ...]:
    """A tuple as an alert shows it."""
    return tuple(shown(field, value) for field, value in zip(fields, terms, strict=True))
