"""JSON, as a program reads it: what is decoded is what was encoded.

It may reach a terminal or the log of a CI job all the same, so what does not print there is escaped, and so is the
``##[`` by which GitHub's runner knows a workflow command. A lone surrogate, which UTF-8 cannot hold, is escaped too.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any
from urllib.parse import quote

import msgspec

from detections.errors import printable
from detections.report.sinks import Output

_NO_NAME = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def encode(value: Any) -> Output:
    """Compact JSON on one line. NaN and the infinities, which JSON does not have, are null."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        text = json.dumps(_finite(msgspec.to_builtins(value)), separators=(",", ":"))
    if not text.isprintable():
        text = "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
    return Output(text.replace("##[", r"#\u0023["))


def uri(path: str) -> str:
    """A path as a relative reference; a name that is not UTF-8 keeps its bytes."""
    return quote(_NO_NAME.sub(lambda found: printable(found[0]), path).encode("utf-8", "surrogateescape"))


def _finite(value: Any) -> Any:
    """The value without the numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
