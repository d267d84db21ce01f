"""Settings of the whole suite, and its closing lines."""

import os
import signal
from collections import Counter

import pytest
from hypothesis import settings

# A run of CI says the same about a commit each time; elsewhere every run looks in other places.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("dev", deadline=None)
settings.register_profile("quick", max_examples=20, deadline=None)  # for `make unit`
settings.load_profile("ci" if os.environ.get("CI") else "dev")

AGREED = "agreed on: "


def pytest_configure() -> None:
    """A job that a shell started in the background ignores Ctrl-C, and so would every command that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of tests/parity agreed. It stands here since the main process of xdist reads no other conftest."""
    counts: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            for name, count in getattr(report, "user_properties", ()):
                if name.startswith(AGREED):
                    counts[name.removeprefix(AGREED)] += count
    if counts:
        shown = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        terminalreporter.write_line(f"the embedded engine and Elasticsearch agreed on {shown}")
