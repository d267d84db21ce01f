"""Bundles: API objects as ndjson, one a line, as Kibana imports and exports them. Deterministic byte for byte."""

from detections.bundle.attachments import Attachments, load_attachments, with_attachments
from detections.bundle.ndjson import CODE, from_ndjson, to_ndjson, write

__all__ = ["CODE", "Attachments", "from_ndjson", "load_attachments", "to_ndjson", "with_attachments", "write"]
