"""What a rule says of integrations and required fields cannot be.

`related_integrations` and `required_fields` are worked out where a file has none; a file that has them should be right.
Found are: a package, an integration of it, a version range that is none or that no known version comes near; a required
field that nobody declares, or of another type than it has in the rule's indices. What is known is of the day when
`etc/integrations.json` and `etc/fields` were made, so most of it is a warning: a newer package may have it.

Bad:

```toml
[[rule.related_integrations]]
package = "aws"
version = "^99.0.0"
```

Good: `version = "^6.0.0"`, or no `related_integrations` at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.catalog import catalog
from detections.catalog.aws import closest
from detections.catalog.integrations import lowest, packages
from detections.checks.unknown_field import meant_by
from detections.compile.planner import mapping_of
from detections.errors import Finding, Level
from detections.rule import Rule
from detections.source import Keys

CODE = "integrations"


def check(rule: Rule) -> Iterator[Finding]:
    for index, said in enumerate(rule.related_integrations):
        for key, message, level, hint in _of_integration(said):
            keys: Keys = ("rule", "related_integrations", index, key)
            yield rule.document.finding(CODE, message, keys, 0, None, level, hint)
    for index, said in enumerate(rule.required_fields):
        for key, message, hint in _of_field(rule, str(said["name"]), str(said["type"])):
            keys = ("rule", "required_fields", index, key)
            yield rule.document.finding(CODE, message, keys, 0, None, Level.WARNING, hint)


def _of_integration(said: dict[str, str]) -> Iterator[tuple[str, str, Level, str]]:
    name, versions, integration = said["package"], said["version"], said.get("integration")
    least = lowest(versions)
    if least is None:
        yield "version", f"{versions} is not a version range", Level.ERROR, "like ^6.0.0, or >=2.41.0 <4"
    package = packages().get(name)
    if package is None:
        near = closest(name, packages())
        hint = f"did you mean {near}?" if near else ""
        yield "package", f"unknown package {name}", Level.WARNING, hint
        return
    newest = ".".join(map(str, package.version))
    if least is not None and least[0] > package.version[0] + 1:
        message = f"no version of {name} is near {versions}: the newest known is {newest}"
        yield "version", message, Level.WARNING, f"like {package.compatible}"
    if integration is not None and package.integrations and integration not in package.integrations:
        near = closest(integration, package.integrations)
        hint = f"did you mean {near}?" if near else f"it has {', '.join(package.integrations)}"
        yield "integration", f"the package {name} has no integration {integration}", Level.WARNING, hint


def _of_field(rule: Rule, name: str, kind: str) -> Iterator[tuple[str, str, str]]:
    known = catalog(rule.fields)
    if not known.is_known(name):
        meant = meant_by(name, known)
        if meant is not None:
            yield "name", f"no field {name} is declared", f"did you mean {meant}?"
        return
    field = mapping_of(rule).get(name)
    if field is not None and field.declared and kind != "unknown" and kind not in field.types:
        yield "type", f"{name} is {' or '.join(field.types)} in the indices of the rule, not {kind}", ""
