"""``detections docs``"""

from __future__ import annotations

import sys

import click

from detections.catalog import docs_path
from detections.cli.output import page, show
from detections.errors import UsageError
from detections.rule.keys import nearest


@click.command("docs")
@click.argument("topic", required=False)
def command(topic: str | None) -> int:
    """Print a page of the documentation, in Markdown; without a TOPIC, the list of pages.

    The page of a check is what `detections explain-check CODE` prints.
    """
    pages = {path.stem: path for path in sorted(docs_path().glob("*.md"))}
    if topic is None:
        width = max(map(len, pages))
        for name, path in pages.items():
            show(f"{name:<{width}}  {path.read_text(encoding='utf-8').partition(chr(10))[0].lstrip('# ')}")
        return 0
    if topic not in pages:
        near = nearest(topic, list(pages))
        raise UsageError(
            f"unknown page {topic}: {f'did you mean {near}?' if near else 'available: ' + ', '.join(pages)}"
        )
    text = pages[topic].read_text(encoding="utf-8")
    if sys.stdout is not None and sys.stdout.isatty():
        click.echo_via_pager(text)
    else:
        page(text)
    return 0
