"""The expected texts were printed by OpenJDK 17 for maps made of these keys in this order."""

import pytest

from detections.values.javamap import double, hash_map, in_hash_order, spread_hash, to_string, utf16_length

COLLIDING = ["k18", "k29", "k90", "k140", "k151", "k162", "k173", "k184", "k195"]  # one bucket of sixteen


def printed(*keys: str) -> str:
    return to_string(hash_map({key: number for number, key in enumerate(keys)}))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            "groupId ipPermissions ipProtocol fromPort toPort cidrIp dryRun",
            "{dryRun=6, fromPort=3, groupId=0, toPort=4, ipProtocol=2, cidrIp=5, ipPermissions=1}",
        ),
        ("attribute instanceId", "{instanceId=1, attribute=0}"),
        ("Aa BB C#", "{Aa=0, BB=1, C#=2}"),
        ("C# BB Aa", "{C#=0, BB=1, Aa=2}"),
        ("schlüssel ключ 鍵 🔑 x", "{schlüssel=0, 鍵=2, ключ=1, x=4, 🔑=3}"),
        (
            " ".join([*COLLIDING, "x", "y", "z"]),
            "{k90=2, k18=0, k29=1, k140=3, k151=4, k162=5, k173=6, k184=7, k195=8, x=9, y=10, z=11}",
        ),
        (
            " ".join(COLLIDING[:8]),
            "{k18=0, k29=1, k90=2, k140=3, k151=4, k162=5, k173=6, k184=7}",
        ),
    ],
)
def test_keys_stand_in_the_order_of_java(keys: str, expected: str) -> None:
    assert printed(*keys.split()) == expected


def test_a_table_grows_with_its_keys() -> None:
    expected = (
        "key1 key2 key0 key5 key6 key3 key4 key9 key7 key8 key22 key21 key20 key15 key37 key14 key36 key13 key35 key12"
        " key34 key19 key18 key17 key39 key16 key38 key11 key33 key10 key32 key31 key30 key26 key25 key24 key23 key29"
        " key28 key27"
    )
    assert " ".join(in_hash_order([f"key{number}" for number in range(40)])) == expected


def test_a_table_does_not_shrink_with_what_is_pruned() -> None:
    kept = ("family", "networkMode", "containerDefinitions", "cpu", "memory", "tags")
    gone = ("volumes", "taskRoleArn", "executionRoleArn", "requiresCompatibilities", "placementConstraints", "pidMode")
    full = dict.fromkeys(kept, 1) | dict.fromkeys((*gone, "ipcMode"), "")
    assert list(hash_map(full, [""])) == ["networkMode", "memory", "cpu", "tags", "family", "containerDefinitions"]
    alone = hash_map(dict.fromkeys(kept, 1))
    assert list(alone) == ["networkMode", "memory", "cpu", "family", "containerDefinitions", "tags"]


def test_values_print_without_quotes() -> None:
    value = {"list": [1, 2.5, True, "t, x=y"], "inner": {"p": 0, "q": 1}, "s": "", "nul": None}
    ordered = {key: value[key] for key in in_hash_order(value)}
    assert to_string(ordered) == "{s=, nul=null, list=[1, 2.5, true, t, x=y], inner={p=0, q=1}}"
    assert to_string(123456789012345678901234567890) == "123456789012345678901234567890"
    assert to_string([False, None, -0.0]) == "[false, null, -0.0]"


def test_pruning_reaches_every_depth_and_spares_what_is_only_falsy() -> None:
    value = {"a": {"b": {"c": None}}, "d": [[], {}, "-", 0], "e": False, "f": "none", "g": " ", "h": [""]}
    assert hash_map(value, ("", "-", "none")) == {"d": [0], "e": False, "g": " "}
    assert hash_map({"a": {"b": []}}) is None
    assert hash_map({"a": "-"}) == {"a": "-"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (100.0, "100.0"), (0.001, "0.001"), (9.9e-4, "9.9E-4"),
        (9999999.0, "9999999.0"), (1e7, "1.0E7"), (1.5e-7, "1.5E-7"), (123456789012.5, "1.234567890125E11"),
        (1.7976931348623157e308, "1.7976931348623157E308"), (-2.5e20, "-2.5E20"), (0.1, "0.1"),
        (3.3333333333333335, "3.3333333333333335"), (5e-324, "4.9E-324"), (2e23, "2.0E23"),
        (float("inf"), "Infinity"), (float("-inf"), "-Infinity"), (float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_doubles(value: float, expected: str) -> None:
    assert double(value) == expected


def test_hashes_and_lengths_count_utf_16_units() -> None:
    keys = ["", "a", "Hello", "schlüssel", "🔑", "userIdentity"]
    assert [spread_hash(key) for key in keys] == [0, 97, 69610644, 180017557, 1772655, 3391229835]
    assert [utf16_length(text) for text in ("", "ab", "ü", "🔑x")] == [0, 2, 1, 3]
    assert spread_hash("\ud800") == 0xD800
