"""Tests of one room at a time, in this process: what `make unit` runs, every few minutes."""

import pytest


@pytest.fixture(scope="session")
def elasticsearch_node() -> None:
    """No Elasticsearch is started here."""
    pytest.fail("a test that starts an Elasticsearch belongs in tests/node or tests/parity")
