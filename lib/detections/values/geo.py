"""Points as Elasticsearch 9.5 reads and prints them (``geo_point`` and ``cartesian_point``)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

EARTH_RADIUS = 6_371_008.7714
"""Metres, the mean radius that Lucene computes with."""

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_WKT = re.compile(rf"\s*POINT\s*\(\s*({_NUMBER})\s+({_NUMBER})(?:\s+{_NUMBER})?\s*\)\s*", re.ASCII | re.IGNORECASE)
_PAIR = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})(?:\s*,\s*{_NUMBER})?\s*", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """``x`` is the longitude, ``y`` the latitude."""

    x: float
    y: float

    def __str__(self) -> str:
        return f"POINT ({_shown(self.x)} {_shown(self.y)})"


def _shown(value: float) -> str:
    return repr(value) if "e" not in repr(value) else f"{value:f}"


def parse_wkt(text: str) -> Point | None:
    """A point as well-known text, ``POINT (x y)``; None where it is none."""
    found = _WKT.fullmatch(text)
    return None if found is None else Point(float(found[1]), float(found[2]))


def parse_point(raw: object) -> Point | None:
    """A geo_point of a document: ``{"lat": 1, "lon": 2}``, GeoJSON, ``[lon, lat]``, ``"lat,lon"`` or well-known text.

    None where it is none, or lies outside the world. Geohashes are not read.
    """
    point = _parse(raw)
    if point is None or not (abs(point.y) <= 90 and abs(point.x) <= 180):
        return None
    return point


def parse_points(raw: object) -> list[Point]:
    """The points of a field of a document: one, or a list of them (of two numbers: longitude and latitude)."""
    pair = isinstance(raw, list) and all(isinstance(one, int | float) for one in raw)
    made = [parse_point(raw)] if pair or not isinstance(raw, list) else [parse_point(one) for one in raw]
    return [point for point in made if point is not None]


def _parse(raw: object) -> Point | None:
    if isinstance(raw, str):
        pair = _PAIR.fullmatch(raw)
        return parse_wkt(raw) if pair is None else Point(float(pair[2]), float(pair[1]))
    if isinstance(raw, Mapping):
        if "coordinates" in raw:
            return _parse(raw["coordinates"])
        try:
            return Point(float(raw["lon"]), float(raw["lat"]))
        except (KeyError, TypeError, ValueError):
            return None
    if isinstance(raw, list | tuple) and len(raw) in (2, 3):
        try:
            return Point(float(raw[0]), float(raw[1]))
        except (TypeError, ValueError):
            return None
    return None


def distance(one: Point, other: Point) -> float:
    """Metres between two points on the earth, by the haversine formula."""
    x1, y1, x2, y2 = map(math.radians, (one.x, one.y, other.x, other.y))
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(half)))
