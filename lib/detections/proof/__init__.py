"""Whether rules may go to Kibana: what the checks and the cases say of each, and the record of what they said."""

from detections.proof.record import Record
from detections.proof.standing import Ground, Standing, assembled, remember, standings

__all__ = ["Ground", "Record", "Standing", "assembled", "remember", "standings"]
