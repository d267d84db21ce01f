"""Ten thousand answers that no Elasticsearch gives, to every request that is sent to one: an error in a line, or a
result. ``HOSTILE_ANSWERS`` says how many for each."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

import elasticsearch_flows
from detections.elastic.cluster import Cluster
from detections.errors import DetectionsError, NotEvaluated, ServerError, UsageError
from elasticsearch_flows import BUCKETS, FLOWS, HITS, PLANS, ROWS, SEARCH, SEARCHED, SERVED, WINDOW, server_of
from hostile_answers import Scripted, mutated, raw

COUNT = int(os.environ.get("HOSTILE_ANSWERS", "400"))


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    with elasticsearch_flows.small():
        yield


@pytest.mark.parametrize("name", FLOWS)
def test_the_good_answers_are_good(name: str) -> None:
    answers, flow = FLOWS[name]
    flow(server_of(Scripted(answers, -1, lambda answer: answer)))


@pytest.mark.parametrize("name", FLOWS)
def test_every_request(name: str) -> None:
    answers, flow = FLOWS[name]
    for number in range(COUNT):
        rng = random.Random(f"{name} {number}")
        script = Scripted(answers, rng.randrange(len(answers)), lambda answer, rng=rng: mutated(answer, rng))
        try:
            flow(server_of(script))
        except (ServerError, NotEvaluated, UsageError) as error:
            assert "\n" not in str(error) and str(error).isprintable(), number
            assert not isinstance(error, ServerError) or error.request, number
        except Exception as error:
            raise AssertionError(f"seed '{name} {number}'") from error


def test_pages_without_end_come_to_one() -> None:
    for name, answers in {
        "query": [*SERVED, ("POST /i/_pit", raw({"id": "pit"})), ("POST /_search", raw(full(SEARCH)))],
        "new_terms": [*SERVED, ("POST /i/_search", raw(full(SEARCH)))],
        "threshold": [*SERVED, ("POST /i/_search", raw(full(SEARCH)))],
        "esql": [*SERVED[:2], ("POST /_query", raw({**ROWS, "values": [["0:0", "a"]] * 1000})), *SERVED[3:], *SEARCHED],
    }.items():
        script = Scripted(answers, -1, lambda answer: answer)
        with pytest.raises(DetectionsError, match="the same page again and again"):
            list(Cluster(server_of(script), "i").run(PLANS[name], WINDOW))


def full(answer: dict[str, Any]) -> dict[str, Any]:
    page = {"buckets": BUCKETS * 3, "after_key": {"field_0": "b", "field_1": 1}}
    return answer | {"hits": {"hits": HITS * 3}, "aggregations": {"terms": page}}
