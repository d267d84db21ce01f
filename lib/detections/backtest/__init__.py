"""Backtests: how many alerts rules would have raised over recorded events."""

from detections.backtest.model import Backtest, Busiest, Difference, Example, Noise, Sources, Value
from detections.backtest.run import Run
from detections.backtest.saved import read_backtest, record, write_backtest

__all__ = [
    "Backtest", "Busiest", "Difference", "Example", "Noise", "Run", "Sources", "Value", "read_backtest", "record",
    "write_backtest",
]  # fmt: skip
