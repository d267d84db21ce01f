"""Bundles: API objects as ndjson, one a line, as Kibana imports and exports them. Deterministic byte for byte."""

from detections.bundle.ndjson import from_ndjson, to_ndjson, write

__all__ = ["from_ndjson", "to_ndjson", "write"]
