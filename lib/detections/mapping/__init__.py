"""Field mappings: what Elasticsearch and Kibana know of a field's type."""

from detections.catalog.dynamic import DYNAMIC
from detections.mapping.mapping import (
    DATE_FORMAT,
    DYNAMIC_IGNORE_ABOVE,
    FAMILIES,
    SOURCE,
    UNMAPPED,
    CatalogMapping,
    Field,
    FieldSpec,
    Mapping,
    catalog_mapping,
    name_pattern,
)

__all__ = [
    "DATE_FORMAT", "DYNAMIC", "DYNAMIC_IGNORE_ABOVE", "FAMILIES", "SOURCE", "UNMAPPED", "CatalogMapping", "Field",
    "FieldSpec", "Mapping", "catalog_mapping", "name_pattern",
]  # fmt: skip
