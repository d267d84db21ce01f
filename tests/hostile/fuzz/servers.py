"""Answers of servers: to one request of a way through Kibana or Elasticsearch comes another than was recorded."""

from __future__ import annotations

import functools
import importlib.util
import json
import logging
import os
import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer

from detections.errors import DetectionsError, ServerError
from detections.kibana.client import Kibana
from detections.server import Backoff, connection
from detections.server.wire import Raw
from elasticsearch_flows import FLOWS as SEARCHES
from elasticsearch_flows import server_of, small
from fuzz.boundary import REPO
from hostile_answers import Scripted, mutated
from kibana_flows import CALLS, FLOWS, NOWHERE, World, fill, recorded

_ONCE = Backoff(tries=2, sleep=lambda seconds: None)
_WAY = "way "
Answers = list[tuple[str, Raw]]


def _input(flow: str, at: int, answer: Raw) -> bytes:
    headers = dict(answer.headers)
    wrong = {"flow": flow, "at": at, "status": answer.status, "headers": headers, "body": answer.body.decode("latin-1")}
    return json.dumps(wrong, indent=1).encode()


def _read(data: bytes) -> tuple[str, int, Raw]:
    wrong = json.loads(data)
    return wrong["flow"], wrong["at"], Raw(wrong["status"], wrong["headers"], wrong["body"].encode("latin-1"))


def _told(error: DetectionsError) -> None:
    assert str(error).isprintable(), f"what is said does not print: {error}"
    assert not isinstance(error, ServerError) or error.request, f"no request is named: {error}"


@dataclass(frozen=True)
class KibanaAnswers:
    name: str = "kibana"

    def make(self, rng: random.Random) -> bytes:
        flow = rng.choice(sorted(_kibana()))
        answers = _kibana()[flow]
        at = rng.randrange(len(answers))
        return _input(flow, at, mutated(answers[at][1], rng))

    def run(self, data: bytes, folder: Path) -> None:
        flow, at, answer = _read(data)
        kibana = Kibana(NOWHERE, backoff=_ONCE)
        kibana._http._client._wire = Scripted(_kibana()[flow], at, lambda raw: answer)  # type: ignore[assignment]
        try:
            if flow.startswith(_WAY):
                FLOWS[flow.removeprefix(_WAY)](World(folder, "world"), kibana)
            else:
                CALLS[flow](kibana)
        except ServerError as error:
            _told(error)


@functools.cache
def _kibana() -> dict[str, Answers]:
    """What the stand-in for a Kibana answers to each call and on each way."""
    stand_ins = _stand_ins()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    folder = REPO / "build" / "fuzz" / "recorded" / str(os.getpid())  # of several processes each has its own
    found: dict[str, Answers] = {}
    with HTTPServer(threaded=True) as server:
        for name, flow in (*CALLS.items(), *((f"{_WAY}{name}", flow) for name, flow in FLOWS.items())):
            server.clear()
            stand_in = stand_ins.StandIn(server)
            with Kibana(connection("kibana", url=stand_in.url, api_key=stand_in.api_key)) as kibana:
                fill(kibana)
                stand_in.executed("a", "failed", "no such index")
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                call: Any = flow if name in CALLS else functools.partial(flow, World(folder, "world"))  # type: ignore[arg-type]
                found[name] = recorded(kibana, call)
    shutil.rmtree(folder, ignore_errors=True)
    return found


def _stand_ins() -> Any:
    folder = REPO / "tests/kibana/stand_in"
    spec = importlib.util.spec_from_file_location(
        "kibana_stand_in", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class ElasticsearchAnswers:
    name: str = "elasticsearch"

    def make(self, rng: random.Random) -> bytes:
        flow = rng.choice(sorted(SEARCHES))
        answers = SEARCHES[flow][0]
        at = rng.randrange(len(answers))
        return _input(flow, at, mutated(answers[at][1], rng))

    def run(self, data: bytes, folder: Path) -> None:
        flow, at, answer = _read(data)
        answers, search_ = SEARCHES[flow]
        with small():
            try:
                search_(server_of(Scripted(answers, at, lambda raw: answer)))
            except DetectionsError as error:
                _told(error)


BOUNDARIES = (KibanaAnswers(), ElasticsearchAnswers())
