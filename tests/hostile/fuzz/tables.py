"""Files in TOML: rules, cases, configuration, environments, exceptions, value lists and connectors."""

from __future__ import annotations

import contextlib
import functools
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from detections import checks
from detections.bundle import load_attachments, with_attachments
from detections.case import Bases, CaseLibrary, prove
from detections.catalog import catalog
from detections.cli.config import Config, find_config
from detections.cli.environment import configured
from detections.compile.planner import plan
from detections.compile.request import request
from detections.engine import Embedded
from detections.errors import DetectionsError
from detections.lsp.complete import Subject, complete
from detections.lsp.cursor import cursor
from detections.lsp.hover import hover
from detections.mapping import catalog_mapping
from detections.payload import to_api
from detections.payload.lock import digest
from detections.rule import Rule, load_rules
from detections.source import edit
from fuzz import samples
from fuzz.boundary import REPO
from fuzz.mutate import MOST, NUMBERS, TEXTS, broken, words
from fuzz.queries import QueryText
from fuzz.shown import shown

_LINE = re.compile(r"^([ \t]*[\w.\"'-]+[ \t]*=[ \t]*)(\S.*)$", re.MULTILINE)
_VALUES = (
    "1", "-1", "0", "true", '""', '"x"', "[]", "[[]]", "{}", "[{}]", "[1, \"a\"]", "{ a = 1 }", "1.5", "inf", "nan",
    "2026-01-01", "2026-01-01T00:00:00Z", "10:00:00", "9" * 400, "'''\n\n'''", '"""a\\\n b"""', "[" * 200 + "]" * 200,
    '"\\u0000"', '"a\\nb"', '"../../x"', '"/dev/null"', '["", ""]', '{ a.b.c = { d = [] } }', '"' + "a" * 9000 + '"',
    "0x1f", "0o7", "1_000", "'", '"\\ud800"', "[\"a\"] # x", '"\\u001b[2J\\u202e"',
)  # fmt: skip
_HEADS = (
    "[rule]", "[[rule]]", "[metadata]", "[rule.threat]", "[[rule.threat]]", "[[case]]", "[a.b.c]",
    "[[rule.threat.technique]]",
    "[rule.new_terms]", "[[rule.actions]]", "[tool.detections]", "[tool]", "[transform]", "[rule.alert_suppression]",
    "[rule.threshold]", "[[rule.filters]]", "[[rule.threat_mapping]]", "[[uncovered]]", "[]", "[[x]", "x = 1",
    "a.b = 2",
    "[[exception]]", "[[item]]", "[[item.entries]]", "[connector.config]", "# detections: allow x: y",
    "# detections: allow query-syntax", "[rule.meta]", "[[rule.response_actions]]",
)  # fmt: skip
_VOCABULARY = (
    *_VALUES,
    *_HEADS,
    *NUMBERS,
    '"',
    "'''",
    '"""',
    "=",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    ".",
    "\n",
    "\r\n",
    "\\",
)


def changed(text: str, rng: random.Random, seeds: Sequence[str]) -> bytes:
    """A file of TOML with something wrong: a value, a line, a table, its words, its bytes."""
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        how = rng.random()
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        if how < 0.4:
            pairs = list(_LINE.finditer(text))
            if pairs:
                pair = rng.choice(pairs)
                value = rng.choice(_VALUES) if rng.random() < 0.7 else f"'''{rng.choice(TEXTS)}'''"
                text = f"{text[: pair.start(2)]}{value}{text[pair.end(2) :]}"
        elif how < 0.5:
            text = "\n".join([*lines[:at], rng.choice(_HEADS), *lines[at:]])
        elif how < 0.6:
            text = "\n".join([*lines[:at], *lines[at + 1 :]])
        elif how < 0.7:
            text = "\n".join([*lines[:at], rng.choice(rng.choice(seeds).split("\n")), *lines[at:]])
        else:
            text = words(text, rng, _VOCABULARY, lambda: rng.choice(seeds))
    data = text.encode("utf-8", "surrogatepass")[: 5 * MOST]
    return broken(data, rng) if rng.random() < 0.15 else data


def files(*patterns: str) -> Callable[[], list[str]]:
    return lambda: [path.read_text() for pattern in patterns for path in sorted(REPO.glob(pattern))]


@dataclass(frozen=True)
class Toml:
    """One kind of file: ``seeds`` are good ones, ``use`` what is done with one, in a folder where ``place`` is it."""

    name: str
    place: str
    seeds: Callable[[], list[str]]
    use: Callable[[Path], None]

    def make(self, rng: random.Random) -> bytes:
        seeds = _seeds(self.seeds)
        text = rng.choice(seeds)
        if self.name in ("rule", "editor") and rng.random() < 0.4:
            text = _another_query(text, rng)
        return changed(text, rng, seeds)

    def run(self, data: bytes, folder: Path) -> None:
        path = folder / self.place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        with contextlib.chdir(folder):
            self.use(path.relative_to(folder))


@functools.cache
def _seeds(make: Callable[[], list[str]]) -> list[str]:
    return make()


_QUERY = re.compile(r"^query = '''.*?'''$", re.MULTILINE | re.DOTALL)
_LANGUAGE = re.compile(r'^language = "\w+"$', re.MULTILINE)


def _another_query(text: str, rng: random.Random) -> str:
    language = rng.choice(("kuery", "eql", "esql"))
    query = QueryText(language).text(rng).replace("'''", "")
    text = _LANGUAGE.sub(f'language = "{language}"', text)
    return _QUERY.sub(lambda found: f"query = '''\n{query}\n'''", text)


def _rule(path: Path) -> None:
    rules = load_rules(path)
    findings = checks.run(rules)
    shown("check", findings, rules.files)
    for rule in rules:
        digest(rule)
        _planned(rule)
        edit(rule.document, {**rule.document.data, "metadata": {}})


def _editor(path: Path) -> None:
    """What an editor asks at some places of a file that is being typed."""
    typed = path.read_text(encoding="utf-8", errors="replace")
    for offset in range(0, len(typed) + 1, max(1, len(typed) // 10)):
        at = cursor(typed, offset)
        for subject in _subjects():
            complete(at, subject)
            hover(at, subject)


@functools.cache
def _subjects() -> tuple[Subject, ...]:
    kinds = (("query", "kuery"), ("eql", "eql"), ("esql", "esql"))
    return tuple(Subject(kind, language, catalog_mapping(), catalog()) for kind, language in kinds)


def _planned(rule: Rule) -> None:
    to_api(rule)
    with contextlib.suppress(DetectionsError):
        made = plan(rule)
        made.outline()
        request(rule, made.time, catalog_mapping())


def _case(path: Path) -> None:
    rules = load_rules("rules/aws/r.toml") if Path("rules/aws/r.toml").exists() else _put_rule()
    library = CaseLibrary(Path("tests/rules"), Path("rules"), rules)
    proofs = list(prove(rules, library, Bases(REPO / "tests/events"), Embedded()))
    shown("test", proofs, library.findings)


def _put_rule():  # type: ignore[no-untyped-def]
    path = Path("rules/aws/r.toml")
    path.parent.mkdir(parents=True)
    path.write_text((REPO / "rules/aws/defense_evasion_ec2_network_acl_created.toml").read_text())
    return load_rules(path)


def _configuration(path: Path) -> None:
    config = find_config()
    for name in ("rules", "cases", "output", "state", "lock"):
        config.path(name)
    _connected(config)


def _environments(path: Path) -> None:
    _connected(Config(environments=str(path)))


def _connected(config: Config) -> None:
    for environment in configured(config).values():
        with contextlib.suppress(DetectionsError):
            environment.connection()


def _attachments(path: Path) -> None:
    held = load_attachments(Path("exceptions"), Path("value_lists"), Path("connectors"))
    assert all(str(finding) for finding in held.findings)
    with_attachments([], held)


BOUNDARIES = (
    Toml("rule", "rules/r.toml", lambda: [*files("rules/**/*.toml")(), *samples.rules()], _rule),
    Toml("editor", "rules/r.toml", lambda: [*files("rules/**/*.toml")(), *samples.rules()], _editor),
    Toml("case", "tests/rules/aws/r.toml",
    lambda: [files("tests/rules/aws/defense_evasion_ec2_network*_created.toml")()[0],
         *samples.CASES], _case),
    Toml("configuration", "pyproject.toml", lambda: [*files("pyproject.toml")(),
    *samples.CONFIGURATIONS], _configuration),
    Toml("environments", "environments.toml", lambda: list(samples.ENVIRONMENTS), _environments),
    Toml("exceptions", "exceptions/x.toml", lambda: list(samples.EXCEPTIONS), _attachments),
    Toml("value_list", "value_lists/x.toml", lambda: list(samples.VALUE_LISTS), _attachments),
    Toml("connector", "connectors/x.toml", lambda: list(samples.CONNECTORS), _attachments),
)  # fmt: skip
