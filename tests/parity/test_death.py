"""The node dies in the middle of a run: what was finished is kept, the rest is told at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from detections.case import Bases, CaseLibrary, prove
from detections.elastic.engine import Elasticsearch
from detections.elastic.node import Node, ephemeral
from detections.elastic.server import Server
from detections.rule import load_rules
from detections.server import Backoff, Connection

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("elasticsearch_node")
def test_what_was_finished_is_kept() -> None:
    rules = [rule for rule in load_rules(ROOT / "rules") if rule.type == "query"][:4]
    library = CaseLibrary(ROOT / "tests" / "rules", ROOT / "rules", rules)
    patience = Backoff(tries=2, sleep=lambda seconds: None)
    with ephemeral() as node, Server(Connection(node.url), patience) as server, Elasticsearch(server) as engine:
        running = prove(rules, library, Bases(ROOT / "tests" / "events"), engine)
        first = next(running)
        kill(node)
        begin = time.monotonic()
        others = list(running)
        assert time.monotonic() - begin < 10
    assert first.passed == len(first.verdicts) > 0 and not first.not_run
    assert [len(one.verdicts) for one in others] == [0, 0, 0]
    for proof in others:
        assert "cannot connect" in proof.not_run or "dropped" in proof.not_run
        (finding,) = proof.findings
        assert finding.code == "server" and finding.message.startswith(f"the cases of {proof.rule.name} were not run: ")


def kill(node: Node) -> None:
    node.process.kill()
    node.process.wait()
