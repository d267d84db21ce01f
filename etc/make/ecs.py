"""Make etc/fields/ecs.json from the npm package @elastic/ecs (Apache-2.0): ``make extracts``.

Needs npm and node, and fetches the package when it is run. Every ECS field with what a query has to know: type,
ignore_above, multi-fields, whether it usually holds an array, and whether it is searchable at all.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from collections import defaultdict
from typing import Any

from write import write

PACKAGE = "@elastic/ecs"
VERSION = "9.4.0"


def fetch() -> dict[str, dict[str, Any]]:
    """EcsFlat of the package, as node prints it."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"],
            cwd=folder, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with tarfile.open(f"{folder}/{packed.stdout.split()[-1]}") as archive:
            archive.extractall(folder, filter="data")
        script = "process.stdout.write(JSON.stringify(require('./package').EcsFlat))"
        printed = subprocess.run(["node", "-e", script], cwd=folder, check=True, stdout=subprocess.PIPE)
    return json.loads(printed.stdout)  # type: ignore[no-any-return]


def describe(field: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A label for the field's kind, and the kind itself."""
    label, kind = field["type"], {"type": field["type"]}
    if "ignore_above" in field:
        kind["ignore_above"] = field["ignore_above"]
        label += "" if field["ignore_above"] == 1024 else f"({field['ignore_above']})"
    if field.get("index") is False:
        kind["index"] = False
        label += " unsearchable"
    for sub in field.get("multi_fields", ()):
        kind.setdefault("fields", {})[sub["name"]] = {"type": sub["type"]}
        label += f"+{sub['name']}"
    if "array" in field.get("normalize", ()):
        kind["array"] = True
        label += "[]"
    return label, kind


def main() -> None:
    kinds: dict[str, dict[str, Any]] = {}
    names: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, field in sorted(fetch().items()):
        label, kind = describe(field)
        if kinds.setdefault(label, kind) != kind:
            raise SystemExit(f"{name}: two kinds share the label {label!r}")
        root, dot, rest = name.partition(".")
        names[root if dot else ""][label].append(rest if dot else root)
    fields = {root: {label: " ".join(some) for label, some in sorted(by.items())} for root, by in names.items()}
    made_from = {"package": f"npm {PACKAGE}", "version": VERSION, "license": "Apache-2.0", "by": "etc/make/ecs.py"}
    write("fields/ecs.json", made_from, kinds=kinds, fields=fields)


if __name__ == "__main__":
    main()
