"""Queries that say of each row which documents are behind it."""

from __future__ import annotations

import pytest

from detections.compile.esql.carry import IDS, LATEST, asking_for_id, carrying, looked_up, looking_up
from detections.errors import NotEvaluated
from detections.query.esql import parse, to_esql

CARRIED = [
    (
        "FROM a METADATA _id | KEEP x | STATS c = COUNT(*) BY x | DROP y*",
        "FROM a METADATA _id\n| EVAL detections.ids = _id\n| KEEP x, detections.ids\n"
        "| STATS c = COUNT(*), detections.ids = VALUES(detections.ids) BY x\n| DROP `y`*",
    ),
    (
        "FROM a METADATA _id | INLINE STATS c = COUNT(*) | FORK (STATS d = MAX(c)) (LIMIT 1)",
        "FROM a METADATA _id\n| EVAL detections.ids = _id\n| INLINE STATS c = COUNT(*)\n"
        "| FORK (STATS d = MAX(c), detections.ids = VALUES(detections.ids)) (LIMIT 1)",
    ),
]


@pytest.mark.parametrize(("query", "expected"), CARRIED)
def test_the_column_goes_through_all_commands(query: str, expected: str) -> None:
    assert to_esql(carrying(parse(query), IDS)) == expected
    latest = to_esql(carrying(parse(query), LATEST))
    assert "EVAL detections.latest = @timestamp" in latest and "MAX(detections.latest)" in latest


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("FROM a METADATA _id | DROP d* | STATS c = COUNT(*)", "DROP also removes"),
        ("FROM a METADATA _id | DEDUP", "after DEDUP"),
        ("FROM (FROM a) | STATS c = COUNT(*)", "of a sub-query"),
        ("ROW a = 1", "of no index"),
    ],
)
def test_where_it_cannot_go_through_that_is_said(query: str, message: str) -> None:
    with pytest.raises(NotEvaluated, match=message):
        carrying(parse(query), IDS)


def test_id_is_asked_for_once() -> None:
    assert to_esql(asking_for_id(parse("FROM a METADATA _index"))) == "FROM a METADATA _id, _index"
    assert to_esql(asking_for_id(parse("FROM a METADATA _index, _id"))) == "FROM a METADATA _index, _id"


def test_other_indices_are_looked_up() -> None:
    tree = parse("FROM a | LOOKUP JOIN t ON x | FORK (LOOKUP JOIN u ON y) (ENRICH p ON z)")
    assert to_esql(looking_up(tree, lambda name: f"{name}2")) == (
        "FROM a\n| LOOKUP JOIN t2 ON x\n| FORK (LOOKUP JOIN u2 ON y) (ENRICH p ON z)"
    )
    assert len(looked_up(tree)) == 3
