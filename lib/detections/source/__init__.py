"""TOML text <-> Document, with the place of every key and value."""

from detections.source.document import Document, Keys
from detections.source.reader import parse, read
from detections.source.whole import write_whole

__all__ = ["Document", "Keys", "parse", "read", "write_whole"]
