"""Backtests: how many alerts rules would have raised over recorded events."""

from detections.backtest.model import Backtest, Busiest, Noise, Sources, Value
from detections.backtest.saved import read_backtest, write_backtest

__all__ = ["Backtest", "Busiest", "Noise", "Sources", "Value", "read_backtest", "write_backtest"]
