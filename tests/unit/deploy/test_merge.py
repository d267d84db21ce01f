"""Three ways, field by field and as a whole: by hand, and against what each side has done to the last apply."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.deploy.merge import NO_RECORD, Base, Merge, base_of
from detections.deploy.model import Kind
from detections.deploy.state import Remembered

OLD = {"name": "a", "note": "n"}
OURS, THEIRS, NEITHER = OLD | {"note": "ours"}, OLD | {"note": "theirs"}, OLD | {"name": "b"}


@pytest.mark.parametrize(
    ("mine", "theirs", "base", "kind"),
    [
        (OLD, OLD, None, Kind.UNCHANGED),
        (OLD, THEIRS, None, Kind.DRIFTED),
        (OURS, OLD, Base(OLD, OLD), Kind.UPDATE),
        (OLD, THEIRS, Base(OLD, OLD), Kind.DRIFTED),
        (OURS, THEIRS, Base(OLD, OLD), Kind.CONFLICT),
        (OURS, OURS, Base(OLD, OLD), Kind.UNCHANGED),
        (OURS, NEITHER, Base(OLD, OLD), Kind.CONFLICT),
        (OLD, THEIRS, Base(OLD, THEIRS), Kind.UNCHANGED),  # Kibana has put it in a form of its own
        (OURS, THEIRS, Base(OLD, THEIRS), Kind.UPDATE),
        (OLD, OURS, Base(OLD, THEIRS), Kind.DRIFTED),
    ],
)
def test_how_a_whole_stands(mine: Any, theirs: Any, base: Base | None, kind: Kind) -> None:
    merge = Merge(mine, theirs, base)
    assert merge.kind is kind
    assert merge.note == (NO_RECORD if base is None and kind is Kind.DRIFTED else "")
    assert bool(merge.differences) == (mine != theirs)
    assert bool(merge.edits) == (base is not None and base.stored != theirs)


def test_which_fields_come_over() -> None:
    sent = dict.fromkeys(("same", "here", "there", "both", "gone", "mine"), "old")
    mine = sent | {"here": "h", "both": "h"} | {"fresh": "h"}
    theirs = sent | {"there": "t", "both": "t"} | {"new": "t", "fresh": "t"}
    del theirs["gone"], mine["mine"]
    merge = Merge(mine, theirs, Base(sent, sent))
    names = {name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)}
    assert merge.take(names, prefer_theirs=False) == ({"there", "gone", "new"}, {"both", "fresh"})
    assert merge.take(names, prefer_theirs=True) == ({"there", "gone", "new", "both", "fresh"}, set())
    assert merge.take({"there"}, prefer_theirs=False) == ({"there"}, set())


def test_without_a_record_every_field_is_in_dispute() -> None:
    merge = Merge(OURS, THEIRS, None)
    assert merge.take({"note"}, prefer_theirs=False) == (set(), {"note"})
    assert merge.take({"note"}, prefer_theirs=True) == ({"note"}, set())
    assert merge.edits == ()


def test_what_was_applied_last() -> None:
    assert base_of(None, OLD, ()) is None
    assert base_of(Remembered(pending=OURS), OLD, ()) is None  # an interrupted first apply that has not written
    assert base_of(Remembered(pending=OURS), OURS, ()) == Base(OURS, OURS)  # and one that has
    assert base_of(Remembered(OLD, pending=OURS), OURS, ()) == Base(OURS, OURS)
    assert base_of(Remembered(OLD, pending=OURS), THEIRS, ()) == Base(OLD, OLD)
    assert base_of(Remembered(OLD, THEIRS), OURS, ()) == Base(OLD, THEIRS)
    assert base_of(Remembered(OLD), OLD, ("note",)) == Base({"name": "a"}, {"name": "a"})
    left = Remembered({"name": "a"}, kept=("note",))
    assert base_of(left, OLD, ()) == Base(OLD, OLD)  # until now left to Kibana: as it is there


values = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))


@given(sent=values, stored=values, mine=values, theirs=values)
def test_nothing_that_one_side_did_is_undone(sent: Any, stored: Any, mine: Any, theirs: Any) -> None:
    merge = Merge(mine, theirs, Base(sent, stored))
    names = {name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)}
    taken, disputed = merge.take(names, prefer_theirs=False)
    for name in names:
        edited = stored.get(name) != theirs.get(name)
        changed = sent.get(name) != mine.get(name)
        assert (name in taken) == (edited and not changed)
        assert (name in disputed) == (edited and changed)
    assert merge.take(names, prefer_theirs=True) == (taken | disputed, set())
