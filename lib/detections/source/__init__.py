"""TOML text <-> Document with the place of every key and value; a text is changed where it must be, nowhere else."""

from detections.source.document import Document, Keys
from detections.source.files import append, content_of, read_file, save, user_cache
from detections.source.reader import document_of, parse, read, unchanged
from detections.source.write import edit, new, same

__all__ = [
    "Document",
    "Keys",
    "append",
    "content_of",
    "document_of",
    "edit",
    "new",
    "parse",
    "read",
    "read_file",
    "same",
    "save",
    "unchanged",
    "user_cache",
]
