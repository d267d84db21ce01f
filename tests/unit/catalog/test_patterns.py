import itertools
import re

import pytest

from detections.catalog.patterns import covers, data_stream_of, overlaps, targets


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["logs-*"], ("logs-*",)),
        (["filebeat-*, logs-okta*"], ("filebeat-*", "logs-okta*")),
        (["eu:logs-*", "*:logs-okta*"], ("logs-*", "logs-okta*")),
        (["<logs-{now/d}>", "<x-{now/M{yyyy.MM}}-y>"], ("logs-*", "x-*-y")),
        (["logs-*", "-logs-old-*"], ("logs-*", "-logs-old-*")),
        (["logs-a::data", "_all", " ", ""], ("logs-a", "*")),
    ],
)
def test_patterns_are_taken_apart(given, expected):
    assert targets(given) == expected


@pytest.mark.parametrize(
    ("patterns", "index", "answer"),
    [
        (["logs-okta*"], "logs-okta.system-default", True),
        (["logs-okta.system-*"], ".ds-logs-okta.system-default-2026.01.31-000001", True),
        (["logs-okta.system-*"], "logs-aws.cloudtrail-default", False),
        (["logs-*", "-logs-old-*"], "logs-old-1", False),
        (["logs-*", "-logs-*", "logs-okta*"], "logs-okta.system-x", True),
        (["*"], ".alerts-security.alerts-default", False),
        ([".alerts-security.*"], ".alerts-security.alerts-default", True),
        (["eu:logs-*"], "logs-a", True),
    ],
)
def test_which_index_is_searched(patterns, index, answer):
    assert covers(targets(patterns), index) is answer


def test_the_data_stream_of_a_backing_index():
    assert data_stream_of(".ds-filebeat-8.13.0-2026.01.31-000001") == "filebeat-8.13.0"
    assert data_stream_of("logs-x-y") == "logs-x-y"


def test_patterns_overlap_where_some_name_fits_both():
    patterns = ["".join(one) for length in range(4) for one in itertools.product("ab*", repeat=length)]
    names = ["".join(one) for length in range(7) for one in itertools.product("ab", repeat=length)]
    fits = {one: re.compile(one.replace("*", ".*")) for one in patterns}
    found = {one: {name for name in names if fits[one].fullmatch(name)} for one in patterns}
    for one, other in itertools.product(patterns, repeat=2):
        if one:
            assert overlaps((one,), other) is not found[one].isdisjoint(found[other]), (one, other)


def test_exclusions_and_hidden_indices():
    assert overlaps(targets(["logs-*", "-logs-okta*"]), "logs-okta.system-*") is False
    assert overlaps(("*",), ".alerts-security.*") is False
    assert overlaps((".*",), ".alerts-security.*") is True
