"""Laws of reading: the fast way and the slow way see the same, and Java's maps are what a plain table says."""

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from detections.events import walk
from detections.events.cut import Piece
from detections.events.encoded import Encoded
from detections.events.sources import CLOUDTRAIL
from detections.values.javamap import double, hash_map, in_hash_order, spread_hash, to_string

NAMES = ["a", "b", "c", "a.b", "b.c", "a.b.c", "Records", "eventSource"]
PATHS = ["a", "b", "a.b", "a.c", "b.c", "a.b.c", "c.b.a", "b.a.c", "c"]

scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=4)
leaves = scalars | texts
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES[:6]), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)


def plain(value: Any) -> Any:
    """The raw value as its definition lets it vary: a list of one is its value, an empty list is None."""
    if isinstance(value, list) and len(value) < 2:
        return value[0] if value else None
    return value


@settings(max_examples=200, deadline=None)
@given(st.lists(documents, max_size=5), st.lists(st.sampled_from(PATHS), min_size=1, max_size=4))
def test_typed_decoding_sees_what_a_walk_over_whole_documents_sees(
    written: list[dict[str, Any]], paths: list[str]
) -> None:
    data = b"".join(json.dumps(document).encode() + b"\n" for document in written)
    batch = Encoded(0, [Piece("f", 1, data)], {})
    fast = batch.columns(paths)
    whole = list(Encoded(0, [Piece("f", 1, data)], {}).documents())
    slow = walk.columns(whole, paths)
    assert len(batch) == len(whole)
    assert [list(map(plain, column)) for column in fast] == [list(map(plain, column)) for column in slow]
    assert list(batch.documents()) == whole


def doubled(buckets: list[list[str]]) -> list[list[str]]:
    larger: list[list[str]] = [[] for _ in range(2 * len(buckets))]
    for key in itertools.chain.from_iterable(buckets):
        larger[spread_hash(key) % len(larger)].append(key)
    return larger


def table_order(keys: list[str]) -> list[str]:
    """A hash map that grows as it is filled, bucket by bucket."""
    buckets: list[list[str]] = [[] for _ in range(16)]
    for count, key in enumerate(keys, 1):
        bucket = buckets[spread_hash(key) % len(buckets)]
        bucket.append(key)
        if len(bucket) > 8 and len(buckets) < 64:
            buckets = doubled(buckets)
        # The table that has just grown is asked, not the one before.
        if count > len(buckets) * 0.75:
            buckets = doubled(buckets)
    return [key for bucket in buckets for key in bucket]


def colliding(number: int) -> str:
    """Texts that share a hash where they share a length."""
    return "".join("BB" if bit == "1" else "Aa" for bit in f"{number:b}")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("AaBb01é🔑"), max_size=4), unique=True, max_size=70)
    | st.lists(st.integers(0, 200).map(colliding), unique=True, max_size=20)
)
def test_hash_order_is_that_of_a_table_that_grows(keys: list[str]) -> None:
    assert in_hash_order(keys) == table_order(keys)


@given(st.floats(allow_nan=False))
def test_doubles_print_as_the_number_they_are(value: float) -> None:
    assert float(double(value)) == value


@given(values)
def test_pruning_is_idempotent_and_leaves_nothing_empty(value: Any) -> None:
    pruned = hash_map(value, ("",))
    assert hash_map(pruned, ("",)) == pruned
    waiting = [pruned] if pruned is not None else []
    while waiting:
        item = waiting.pop()
        assert item is not None and item != "" and item != [] and item != {}
        waiting += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []


RAW_NAMES = [
    "eventVersion", "eventTime", "eventSource", "eventName", "userIdentity", "sourceIPAddress", "requestParameters",
    "responseElements", "additionalEventData", "resources", "tlsDetails", "readOnly", "errorCode", "type", "arn",
    "sessionContext", "sessionIssuer", "userName", "accountId", "ConsoleLogin", "insightDetails",
]  # fmt: skip
raw_values = st.recursive(
    leaves | st.sampled_from(["AssumedRole", "ConsoleLogin", "2026-01-01T00:00:00Z", "1.2.3.04", "-", "TLSv1.2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(RAW_NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(RAW_NAMES), raw_values, max_size=10),
    st.sampled_from(CLOUDTRAIL.settings[0].choices),
)
def test_any_record_becomes_a_document(record: dict[str, Any], retain: Any) -> None:
    document = CLOUDTRAIL.to_ecs(record, {"retain": retain})
    assert document["event"]["dataset"] == "aws.cloudtrail"
    assert isinstance(document["event"]["outcome"], str)
    json.dumps(document)
    text = document.get("aws", {}).get("cloudtrail", {}).get("request_parameters")
    kept = hash_map(record.get("requestParameters"), ("", "-", "none"))
    assert text == (None if kept is None or retain in ("flattened", "none") else to_string(kept))
