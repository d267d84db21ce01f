import math

import pytest

from detections.values import coerce as module
from detections.values import order
from detections.values.coerce import coerce


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        ("keyword", "a", "a"), ("keyword", 1, "1"), ("keyword", 1.5, "1.5"), ("keyword", 1.0, "1.0"),
        ("keyword", True, "true"), ("keyword", {"a": 1}, None), ("keyword", ["a"], None), ("keyword", None, None),
        ("text", 7, "7"), ("flattened", False, "false"), ("wildcard", "x", "x"),
        ("long", 5, 5), ("long", "5", 5), ("long", "5.9", 5), ("long", -5.9, -5), ("long", "1e3", 1000),
        ("long", "", None), ("long", "x", None), ("long", True, None), ("long", 2**63, None),
        ("long", -(2**63), -(2**63)),
        ("long", "1e999999999", None), ("long", math.nan, None), ("long", "5d", None), ("long", " 5", None),
        ("integer", 2**31, None), ("short", 32767, 32767), ("integer", " 5.9", 5), ("short", "1d", 1),
        ("byte", 128, None), ("unsigned_long", 2**64 - 1, 2**64 - 1),
        ("unsigned_long", -1, None),
        ("double", "1.5", 1.5), ("double", 2, 2.0), ("double", "x", None), ("double", "1e999", None),
        ("double", " 1 ", 1.0), ("double", 10**400, None), ("double", math.inf, None), ("double", True, None),
        ("float", 0.1, 0.10000000149011612), ("float", 1e39, None), ("half_float", 65520.0, None),
        ("scaled_float", 1.25, 1.25),
        ("boolean", True, True), ("boolean", "true", True), ("boolean", "false", False), ("boolean", "", False),
        ("boolean", "True", None), ("boolean", 1, None), ("boolean", "yes", None),
        ("date", "2024-10-16T11:47:34Z", 1729079254000), ("date", 1729079254000, 1729079254000), ("date", "x", None),
        ("date", False, None), ("date", "1969", -31536000000), ("date", 2**63 - 1, 2**63 - 1),
        ("date_nanos", "1970", 0), ("date_nanos", "1969", None), ("date_nanos", 2**63 // 10**6, 2**63 // 10**6),
        ("date_nanos", 2**63 // 10**6 + 1, None), ("date_nanos", "x", None),
        ("ip", "10.0.0.1", 0xFFFF0A000001), ("ip", "AWS Internal", None), ("ip", 5, None),
        ("version", "1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_types(type_: str, raw: object, value: object) -> None:
    found = coerce(type_, raw)
    assert found == value
    assert type(found) is type(value)


def test_size_is_only_work() -> None:
    assert coerce("long", "9" * 10_000_000) is None
    assert coerce("double", "9" * 10_000_000) is None
    assert coerce("boolean", "t" * 10_000_000) is None


def test_the_function_of_a_type_is_coerce() -> None:
    assert module.coercion("long")("5.9") == 5
    assert module.coercion("no such type")(1) == "1"


def test_utf16_length() -> None:
    assert [order.utf16_length(text) for text in ("", "abc", "äb", "日", "a😀")] == [0, 3, 2, 1, 3]


def test_fold_and_lower() -> None:
    assert order.lower("ΑΣ İ") == "\u03b1\u03c3 i"
    assert order.fold("MAß") == order.fold("maß") != order.fold("MASS")
    assert order.fold("ÄB") == "Äb"


def test_versions() -> None:
    ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.2", "1.10", "2.0", "x.y"]
    assert [order.version_key(one) for one in ordered] == sorted(map(order.version_key, ordered))
    assert order.version_key("1." + "9" * 100_000) > order.version_key("1.2")
