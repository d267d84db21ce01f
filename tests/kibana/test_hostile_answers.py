"""Ten thousand answers that no Kibana gives, to every request that is sent to one: an error in a line, or a result.

``HOSTILE_ANSWERS`` says how many for each request; they are the same for the same number.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.errors import DetectionsError, ServerError
from detections.kibana.client import Kibana
from detections.server import Backoff
from hostile_answers import Scripted, mutated
from kibana_flows import CALLS, FLOWS, NOWHERE, World, fill, recorded

COUNT = int(os.environ.get("HOSTILE_ANSWERS", "400"))
ONCE = Backoff(tries=2, sleep=lambda seconds: None)


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def filled(stand_in: Any, kibana: Any) -> Any:
    """A Kibana that has one of everything."""
    fill(kibana)
    stand_in.executed("a", "failed", "no such index")
    return kibana


def hostile(answers: list[tuple[str, Any]], name: str, count: int) -> Iterator[tuple[str, Kibana]]:
    """Clients of a Kibana that gives one wrong answer; how to get it again."""
    kibana = Kibana(NOWHERE, backoff=ONCE)
    for number in range(count):
        rng = random.Random(f"{name} {number}")
        script = Scripted(answers, rng.randrange(len(answers)), lambda raw, rng=rng: mutated(raw, rng))
        kibana._http._client._wire = script  # type: ignore[assignment]
        yield f"{name} {number}", kibana


@pytest.mark.parametrize("name", CALLS)
def test_every_request(filled: Any, name: str) -> None:
    answers = recorded(filled, CALLS[name])
    for seed, kibana in hostile(answers, name, COUNT):
        try:
            CALLS[name](kibana)
        except ServerError as error:
            assert error.request and "\n" not in str(error) and str(error).isprintable(), seed
        except Exception as error:
            raise AssertionError(f"seed {seed!r}") from error


@pytest.mark.parametrize("name", FLOWS)
def test_what_is_inside_can_rely_on_them(filled: Any, tmp_path: Path, name: str) -> None:
    world = World(tmp_path, name.replace(" ", "-"))
    answers = recorded(filled, lambda kibana: FLOWS[name](world, kibana))
    for seed, kibana in hostile(answers, name, COUNT // 4):
        try:
            FLOWS[name](world, kibana)
        except DetectionsError as error:
            assert str(error), seed
        except Exception as error:
            raise AssertionError(f"seed {seed!r}") from error
