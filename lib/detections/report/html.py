"""A page of HTML, in one file that needs no other."""

from __future__ import annotations

from collections.abc import Iterator

from detections.backtest import Backtest
from detections.report.sinks import Output
from detections.site import backtest_page

_TITLE = "Detection rules"


def backtest(found: Backtest) -> Iterator[Output]:
    """The page of the site; its templates escape all that is ours and all that is not."""
    yield Output(backtest_page(found, _TITLE).rstrip("\n"))
