"""What it costs to know the fields of a query: at first, and once their sources were read."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from detections.mapping import CatalogMapping, catalog_mapping

INDICES = ("logs-endpoint.events.process-*", "logs-windows.*", "winlogbeat-*", "logs-okta*")
NAMES = ("process.name", "host.os.type", "event.action", "okta.client.ip", "process.Ext.relative_file_creation_time")
FIRST = """
import time
from detections.mapping import catalog_mapping
start = time.perf_counter()
mapping = catalog_mapping({indices!r})
for name in {names!r}:
    mapping.get(name)
print(time.perf_counter() - start)
"""


def first() -> float:
    code = FIRST.format(indices=INDICES, names=NAMES)
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def later() -> float:
    """Another rule's fields: nothing of them is remembered but the sources."""
    catalog_mapping(INDICES).get(NAMES[0])
    taken = []
    for _ in range(200):
        mapping = CatalogMapping(INDICES, ())
        start = time.perf_counter()
        for name in NAMES:
            mapping.get(name)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    print(f"five fields, first use:        {statistics.median(first() for _ in range(5)) * 1000:6.1f} ms")
    print(f"five fields, of another rule:  {later() * 1000:6.3f} ms")


if __name__ == "__main__":
    main()
