"""Laws of projections: what is made of an event for a few fields is what the whole event has there."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.engine.column import names
from detections.events import read, sources, walk
from detections.events.cut import Piece
from detections.events.encoded import Encoded
from detections.events.reading import merge
from detections.events.sources import CLOUDTRAIL

SHARED = Path(__file__).parents[3] / "shared" / "data" / "cloudtrail"
RETAINED = CLOUDTRAIL.settings[0].choices
FIELDS = list(CLOUDTRAIL.table.fields)
PARENTS = sorted({name.rsplit(".", depth)[0] for name in FIELDS for depth in (1, 2, 3)} - set(FIELDS))
BELOW = [
    "aws.cloudtrail.flattened.request_parameters.a", "aws.cloudtrail.flattened.request_parameters.a.b",
    "aws.cloudtrail.flattened.response_elements.a", "aws.cloudtrail.resources.arn", "aws.cloudtrail.resources.a",
    "aws.cloudtrail.flattened.additional_eventdata.UserName", "event.action.a", "user.name.first", "nothing.here",
]  # fmt: skip

scalars = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.sampled_from(
    ["", "-", "none", "x", "a@b", "No", "AssumedRole", "IAMUser", "UserAuthentication", "ConsoleLogin", "1.2.3.4",
     "1.2.3.04", "::1", "TLSv1.2", "2026-01-01T00:00:00Z", "soon", "arn:aws:sts::1:assumed-role/r/a@b", "true", "é🔑"]
)  # fmt: skip
leaves = scalars | texts
KEYS = ["a", "a.b", "b", "type", "arn", "userName", "accountId", "principalId", "UserName", "ConsoleLogin", "userId"]
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)
identities = st.fixed_dictionaries(
    {"type": texts},
    optional={
        "userName": leaves, "arn": texts, "principalId": leaves, "accountId": leaves, "onBehalfOf": values,
        "sessionContext": st.fixed_dictionaries(
            {}, optional={"sessionIssuer": st.dictionaries(st.sampled_from(KEYS), leaves), "attributes": values}
        ),
    },
)  # fmt: skip
TOP = sorted({key for made in CLOUDTRAIL.table.fields.values() for key in made.keys})
records = st.fixed_dictionaries(
    {"eventSource": texts, "eventName": texts},
    optional={key: values for key in TOP if key not in ("eventSource", "eventName", "userIdentity")}
    | {"userIdentity": identities | values, "unknown": values},
)
out_of_the_way = st.dictionaries(st.sampled_from([*TOP, "event", "event.action", "Records", "_source"]), values)
LAYOUTS = ["\n", "", "[", "Records"]


def data_of(written: Sequence[Any], layout: str) -> bytes:
    lines = [json.dumps(record, ensure_ascii=False) for record in written]
    if layout == "[":
        return f"[{','.join(lines)}]".encode()
    return (f'{{"Records": [{",".join(lines)}]}}' if layout == "Records" else layout.join(lines)).encode()


def plain(value: Any) -> Any:
    """The raw value as its definition lets it vary: a list of one is its value, an empty list is None."""
    if isinstance(value, list) and len(value) < 2:
        return value[0] if value else None
    return value


@settings(max_examples=150, deadline=None)
@given(
    st.lists(records, min_size=1, max_size=4),
    st.lists(st.sampled_from([*FIELDS, *PARENTS, *BELOW]), min_size=1, max_size=8),
    st.fixed_dictionaries({setting.name: st.sampled_from(setting.choices) for setting in CLOUDTRAIL.settings}),
    st.sampled_from(LAYOUTS),
    st.integers(0, 15),
)
def test_fields_of_raw_records_are_those_of_the_whole_documents(
    written: list[dict[str, Any]], paths: list[str], chosen: dict[str, str], layout: str, some: int
) -> None:
    batch = Encoded(0, [Piece("f", 1, data_of(written, layout))], chosen)
    batch.expect(paths)
    whole = [CLOUDTRAIL.to_ecs(record, chosen) for record in written]
    assert len(batch) == len(whole)
    assert batch.counts().whole == sum(
        not isinstance(record.get("eventTime"), str | None)
        or any(not isinstance(record.get(key), str | None) for key in texts_of(paths))
        for record in written
    )
    everything = (1 << len(whole)) - 1
    for asked in (some & everything, everything):
        for path in paths:
            column, known = batch.column(path, asked)
            assert asked & ~known == 0
            for row, document in enumerate(whole):
                if known >> row & 1:
                    assert plain(column[row]) == plain(walk.value(document, path)), (path, row)
    assert list(batch.documents()) == whole


OTHERS = [source for source in sources.SOURCES if source is not CLOUDTRAIL]


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("source", OTHERS, ids=lambda source: source.name)
def test_fields_of_the_records_of_any_source_are_those_of_the_whole_documents(
    source: sources.Source, data: st.DataObject
) -> None:
    keys = {key for made in source.table.fields.values() for key in made.keys}
    made = st.fixed_dictionaries(
        {source.signals[0]: texts, **dict.fromkeys(source.certain, texts)},
        optional=dict.fromkeys(sorted(keys - {source.signals[0], *source.certain}), nested()),
    )
    written = data.draw(st.lists(made, min_size=1, max_size=4))
    paths = data.draw(st.lists(st.sampled_from([*source.table.fields]), min_size=1, max_size=8))
    piece = Piece("f", 1, data_of(written, data.draw(st.sampled_from(["\n", "["]))))
    whole = [source.to_ecs(record) for record in written]
    columns = Encoded(0, [piece], {}).columns(paths)
    for path, column in zip(paths, columns, strict=True):
        assert list(map(plain, column)) == [plain(walk.value(document, path)) for document in whole], path
    assert list(Encoded(0, [piece], {}).documents()) == whole


def nested() -> st.SearchStrategy[Any]:
    names = [
        "id", "alternateId", "displayName", "type", "debugData", "behaviors", "risk", "logOnlySecurityData",
        "ipAddress", "authorization.k8s.io/decision", "metadata", "team", "old_user", "country_code", "username",
        "namespace", "result",
    ]  # fmt: skip
    ends = leaves | st.sampled_from(
        ["{New IP=POSITIVE}", "{reasons=a, b, level=HIGH}", "{level=LOW}", "allow",
         '{"risk": {"level": "HIGH", "reasons": "a,b"}}', "forbid", "User", "UserGroup", "org.add_member",
         "team.delete", "SUCCESS"]
    )  # fmt: skip
    return st.recursive(
        ends,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=4),
        max_leaves=8,
    )


def texts_of(paths: list[str]) -> set[str]:
    """The keys that are read as texts for some paths."""
    made = [field for path in paths for field in CLOUDTRAIL.table.related(path)]
    return {field.text for field in made if field.text}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(records | out_of_the_way | st.dictionaries(st.sampled_from(KEYS), values) | values, max_size=4),
    st.lists(st.sampled_from([*FIELDS, *PARENTS, *BELOW, *KEYS, "a.b.a"]), min_size=1, max_size=8),
    st.sampled_from(LAYOUTS),
)
def test_values_of_any_kind_are_what_the_whole_events_are(written: list[Any], paths: list[str], layout: str) -> None:
    data = data_of([value for value in written if isinstance(value, (dict, list))], layout)
    batch = Encoded(0, [Piece("f", 1, data)], {})
    columns = batch.columns(paths)
    whole = list(Encoded(0, [Piece("f", 1, data)], {}).documents())
    assert len(batch) == len(whole)
    assert list(batch.documents()) == whole
    for path, column in zip(paths, columns, strict=True):
        assert list(map(plain, column)) == [plain(walk.value(document, path)) for document in whole]


def captures() -> Iterator[Path]:
    yield Path(__file__).parents[1] / "events"
    if SHARED.exists():
        yield from (path for path in SHARED.iterdir() if path.is_dir())


@pytest.mark.parametrize("retain", RETAINED)
@pytest.mark.parametrize("folder", list(captures()), ids=lambda folder: folder.name)
def test_every_record_of_the_captures(folder: Path, retain: str) -> None:
    found: list[Any] = []
    for batch in read([folder], found.append, {"retain": retain}):
        whole = list(batch.documents())
        assert len(whole) > 20
        fields = dict.fromkeys(name for document in whole for name in names(document))
        for at in range(0, len(fields), 12):
            paths = [*fields][at : at + 12]
            projected = Encoded(0, batch._pieces, {"retain": retain})  # type: ignore[attr-defined]
            columns = projected.columns(paths)
            assert projected.counts().whole == 0
            for path, column in zip(paths, columns, strict=True):
                assert list(map(plain, column)) == [plain(walk.value(document, path)) for document in whole], path


@settings(max_examples=60, deadline=None)
@given(st.lists(records, min_size=1, max_size=3))
def test_what_fields_refuse_is_told_once_however_it_is_read(written: list[dict[str, Any]]) -> None:
    def told(batch: Encoded) -> list[tuple[str, int]]:
        return sorted((finding.message, finding.count) for finding in merge(batch.findings))

    piece = Piece("f", 1, data_of(written, "\n"))
    projected, whole, both = (Encoded(0, [piece], {}) for _ in range(3))
    projected.columns(FIELDS)
    for _ in whole.documents():
        pass
    both.columns(FIELDS)
    for _ in both.documents():
        pass
    assert told(projected) == told(whole) == told(both)
