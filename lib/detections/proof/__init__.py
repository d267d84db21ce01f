"""Whether rules may go to Kibana: what the checks and the cases say of each, and the record of what they said."""

from detections.proof.baseline import Baseline, read_baseline
from detections.proof.record import Record
from detections.proof.standing import Ground, Standing, assembled, remember, standings, without

__all__ = [
    "Baseline", "Ground", "Record", "Standing", "assembled", "read_baseline", "remember", "standings", "without",
]  # fmt: skip
