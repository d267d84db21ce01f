"""The pages of a site, one after the other."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from detections.backtest import Backtest
from detections.catalog import attack
from detections.rule.parts import SEVERITIES
from detections.site import deployment, rule_page
from detections.site.folder import Page
from detections.site.index import index
from detections.site.matrix import layer, matrix, unknown
from detections.site.noise import View
from detections.site.plain import plain
from detections.site.project import Project, State
from detections.values.dates import format_date

LAYER = "attack-navigator.json"
_HERE = Path(__file__).parent
_STYLE, _SCRIPT = "style.css", "page.js"
_ASSETS = (_STYLE, _SCRIPT, "catalogue.js")


def pages(project: Project, tell: Callable[[str], None] | None = None) -> Iterator[Page]:
    """Every file of the site. ``tell`` hears how far it has come."""
    view = View(project.backtest) if project.backtest else None
    made = _environment(project, view)
    for name in _ASSETS:
        yield name, _asset(name)
    yield "index.js", index(project)
    yield LAYER, json.dumps(layer(project), indent=1, ensure_ascii=False)
    page = made.get_template("rule.html")
    for number, entry in enumerate(project.entries):
        if tell and number % 50 == 0:
            tell(f"pages: {number:,} of {len(project.entries):,} rules")
        yield entry.url, page.render(rule_page.context(entry), here="", root="../")
    columns = matrix(project.running)
    yield (
        "attack.html",
        _page(made, "attack", columns=columns, unknown=unknown(project.running), version=attack.VERSION),
    )
    if view is not None:
        yield "backtest.html", _page(made, "backtest", layout="base.html", loudest=view.loudest(project.by_id))
    if project.plans:
        plans = [(plan, deployment.groups(plan, project.by_id)) for plan in project.plans]
        yield "plan.html", _page(made, "plan", plans=plans)
    yield "list.html", _page(made, "list")
    yield "index.html", _page(made, "index", counts=_counts(project))


def backtest_page(backtest: Backtest, title: str) -> str:
    """The page of a backtest alone: one file, which needs no other. ``title`` stands at its head."""
    view = View(backtest)
    made = _environment(Project(title, ()), view)
    assets = {"style": Markup(_asset(_STYLE)), "script": Markup(_asset(_SCRIPT))}  # safe: they are our own
    return _page(made, "backtest", layout="alone.html", loudest=view.loudest({}), **assets)


def _asset(name: str) -> str:
    return (_HERE / "assets" / name).read_text(encoding="utf-8")


def _page(made: Environment, name: str, **context: Any) -> str:
    return made.get_template(f"{name}.html").render(context, here=f"{name}.html", root="")


def _counts(project: Project) -> dict[str, int]:
    """The numbers on the first page."""
    proofs = [entry.proof for entry in project.entries if entry.proof]
    states = Counter(entry.state for entry in project.entries)
    clauses = [clause for proof in proofs for clause in proof.clauses]
    return {
        "rules": len(project.entries),
        "proved": states[State.PROVED],
        "failing": states[State.FAILING],
        "cases": sum(len(proof.verdicts) for proof in proofs),
        "passed": sum(proof.passed for proof in proofs),
        "clauses": len(clauses),
        "covered": sum(clause.covered for clause in clauses),
        "excused": sum(bool(clause.excuse) and not clause.covered for clause in clauses),
    }


def _environment(project: Project, view: View | None) -> Environment:
    """Jinja2 with filters of our own. What is not Markup is escaped, and an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_finalize,
    )  # fmt: skip
    made.filters |= {
        "count": lambda value: f"{value:,}",
        "plural": lambda value, one, many=None: f"{value:,} {one if value == 1 else many or one + 's'}",
        "amount": _amount,
        "bytes": _bytes,
        "instant": lambda value: "" if value is None else format_date(value).replace("T", " ").removesuffix(".000Z"),
        "breaking": lambda text: escape(text).replace("/", Markup("/<wbr>")).replace("_", Markup("_<wbr>")),
        "quoted": _quoted,
        "hash": _hash,
        "url": lambda text: urllib.parse.quote(str(text), safe=""),
    }
    made.tests |= {"web": _is_web}
    made.globals |= {"project": project, "view": view, "layer": LAYER, "SEVERITIES": SEVERITIES[::-1]}
    return made


def _finalize(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def _is_web(text: object) -> bool:
    """Whether a text is an address of the web, which is safe to be followed."""
    try:
        return urllib.parse.urlsplit(str(text)).scheme in ("http", "https")
    except ValueError:
        return False


def _quoted(change: str) -> Markup:
    """What was changed in a mutant: the clause between backticks as code, and what became of it."""
    clause, ticks, rest = change.rpartition("`: ")
    if not ticks or not clause.startswith("`"):
        return escape(change)
    return Markup("<code>{}</code>: {}").format(clause[1:], rest)


def _hash(text: str) -> Markup:
    """How a page's policy names a script or a stylesheet that stands in the page itself."""
    return Markup("sha256-{}").format(base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())


def _amount(value: float) -> str:
    """A median: whole numbers without a fraction."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _bytes(value: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:,.3g} TB"
