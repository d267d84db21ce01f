"""What is known about the world, read lazily from etc/: fields, ATT&CK, AWS operations.

Each extract names the package and version it was made from; the commands that make them are in etc/make.
"""

from detections.catalog import attack, aws
from detections.catalog.extracts import docs_path, etc_path
from detections.catalog.fields import Catalog, catalog
from detections.catalog.fingerprint import declared, fingerprint
from detections.catalog.own import read_sources
from detections.catalog.sources import Source, Stream
from detections.catalog.view import View, view

__all__ = [
    "Catalog",
    "Source",
    "Stream",
    "View",
    "attack",
    "aws",
    "catalog",
    "declared",
    "docs_path",
    "etc_path",
    "fingerprint",
    "read_sources",
    "view",
]
