"""Answers about the rows of a batch, as sets of rows (:mod:`detections.values.bits`)."""

from __future__ import annotations

from typing import NamedTuple


class Bits(NamedTuple):
    """The answer to a predicate: the rows where it is true, and those where it is missing; elsewhere it is false."""

    true: int
    missing: int
