"""The pytest plugin: the fixture ``elasticsearch_node``, for whoever has this package installed.

    def test_it(elasticsearch_node):
        client = Elasticsearch(elasticsearch_node.url)

Pytest loads this module in every run, so it loads the rest only when a test asks for a node.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from detections.elastic.node import Node

_SKIPPED = "no Elasticsearch: "


@pytest.fixture(scope="session")
def elasticsearch_node() -> Iterator[Node]:
    """A running Elasticsearch, one for the session (with pytest-xdist: for each worker); ``.url`` is where.

    Tests that want it are skipped where the extra ``elasticsearch`` is not installed or its jars cannot be fetched, and
    the closing lines say so. Where it is there but does not start, they fail. All tests share it: use index names of
    your own.
    """
    node = importlib.import_module("detections.elastic.node")
    errors = importlib.import_module("detections.errors")
    try:
        context = node.ephemeral()
        running = context.__enter__()
    except errors.NotInstalled as missing:
        pytest.skip(f"{_SKIPPED}{missing}")
    try:
        yield running
    finally:
        context.__exit__(None, None, None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the closing lines what did not run for want of a node. The reports are those of all workers."""
    reasons = [
        report.longrepr[2].partition(_SKIPPED)[2]
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple) and _SKIPPED in report.longrepr[2]
    ]
    if reasons:
        tests = "1 test" if len(reasons) == 1 else f"{len(reasons):,} tests"
        terminalreporter.write_line(f"{tests} did not run on Elasticsearch: {reasons[0]}", yellow=True)
