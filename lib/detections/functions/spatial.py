"""Functions over points (Elasticsearch 9.5): as far as detection rules measure distances."""

from __future__ import annotations

import math

from detections.functions.signature import SPATIAL, STRING, Function, Implementation, Types, function, typed
from detections.values.geo import Point, distance, parse_wkt

_GEO = frozenset({"geo_point"})


def _point(text: str) -> Point:
    found = parse_wkt(text)
    if found is None:
        raise ValueError(f"Failed to parse WKT: [{text}]")
    return found


def _to_point(types: Types) -> Implementation:
    return _point if types[0] in STRING else lambda value: value


def _distance(types: Types) -> Implementation:
    if types[0] == "cartesian_point":
        return lambda one, other: math.hypot(one.x - other.x, one.y - other.y)
    return distance


def _coordinate(name: str) -> Function:
    def coordinate(point: object) -> float:
        return float(getattr(point, name))

    return function(coordinate, SPATIAL, result="double")


FUNCTIONS: dict[str, Function] = {
    "st_distance": typed(_distance, SPATIAL, SPATIAL, result="double", same=0),
    "st_x": _coordinate("x"),
    "st_y": _coordinate("y"),
    "to_cartesianpoint": typed(_to_point, STRING | {"cartesian_point"}, result="cartesian_point", takes="each"),
    "to_geopoint": typed(_to_point, STRING | _GEO, result="geo_point", takes="each"),
}
