"""The embedded engine: plans over batches of events, in this process or in several, column by column."""

from detections.engine.bits import Bits
from detections.engine.embedded import Embedded
from detections.engine.eql import find
from detections.engine.evaluator import Evaluator, select
from detections.engine.pipeline import rows_of

__all__ = ["Bits", "Embedded", "Evaluator", "find", "rows_of", "select"]
