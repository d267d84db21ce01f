"""``detections explain-check``"""

from __future__ import annotations

import click

from detections.checks.pages import pages
from detections.cli.output import page
from detections.errors import UsageError
from detections.rule.keys import nearest


@click.command("explain-check")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Print the page of a check, the CODE that a finding shows; without one, the list of checks."""
    known = {name.removesuffix(".md"): text for name, text in pages()}
    index = known.pop("README")
    if code is None:
        page(index)
        return 0
    if code not in known:
        near = nearest(code, list(known))
        raise UsageError(
            f"unknown check {code}: {f'did you mean {near}?' if near else 'available: ' + ', '.join(known)}"
        )
    page(known[code])
    return 0
