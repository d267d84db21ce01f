"""What is known about the world, read lazily from etc/: fields, ATT&CK, AWS operations.

Each extract names the package and version it was made from; the commands that make them are in etc/make.
"""

from detections.catalog import attack, aws
from detections.catalog.extracts import etc_path
from detections.catalog.fields import ecs_roots, field_names, field_spec, is_object, is_open, nested_names, siblings

__all__ = [
    "attack",
    "aws",
    "ecs_roots",
    "etc_path",
    "field_names",
    "field_spec",
    "is_object",
    "is_open",
    "nested_names",
    "siblings",
]
