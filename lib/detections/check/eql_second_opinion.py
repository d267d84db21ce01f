"""The PyPI package `eql` does not parse the query.

Until this project has an EQL parser of its own, EQL rules are read by `eql`, set to Elasticsearch's syntax. It knows
nearly all of it, not quite: so its refusal is a warning. Read what it says; where Kibana takes the query, silence it.
Where `eql` is not installed (it is AGPLv3, and some must do without), one warning says that EQL rules are not read.

Bad:

```toml
query = 'process where process.name = "cmd.exe"'
```

Good:

```toml
query = 'process where process.name == "cmd.exe"'
```
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from types import ModuleType

from detections.errors import Finding, Level
from detections.rule import Rule

CODE = "eql-second-opinion"


def check(rule: Rule) -> Iterator[Finding]:
    if rule.language != "eql" or not rule.query:
        return
    adapter = _adapter()
    if adapter is None:
        message = "the package eql is not installed, so no EQL rule is read: pip install eql"
        yield rule.document.finding(CODE, message, ("rule", "query"), level=Level.WARNING)
        return
    refused = adapter.refusal(rule.query)
    if refused:
        yield rule.document.finding(
            CODE,
            f"eql refuses the query: {refused.message}",
            ("rule", "query"),
            refused.start,
            refused.length,
            level=Level.WARNING,
        )


@functools.cache
def _adapter() -> ModuleType | None:
    """The adapter, loaded for the first EQL rule: importing `eql` takes a third of a second."""
    try:
        return importlib.import_module("detections.check.eql_adapter")
    except ModuleNotFoundError:
        return None
