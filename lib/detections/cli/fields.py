"""``detections fields``"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from detections.catalog import Catalog, Stream, catalog
from detections.catalog.mappings import from_answer
from detections.catalog.packages import PackageStream, package_streams, read_package
from detections.catalog.sources import Undeclared
from detections.checks import unknown_field
from detections.checks.unknown_field import meant_by
from detections.cli.common import PathType, rules_at
from detections.cli.config import find_config
from detections.cli.engines import CREDENTIALS
from detections.cli.environment import ENVIRONMENT, chosen, opened
from detections.cli.on_elasticsearch import named_server
from detections.cli.output import format_option, report, show, tell
from detections.elastic.server import Server
from detections.errors import NotAllowed, UsageError
from detections.mapping import catalog_mapping
from detections.report.count import plural
from detections.rule import Rules
from detections.source import save
from detections.source.render import entry

OUTPUT = click.option(
    "-o", "--output", "folder", type=PathType(), default=Path("fields"), show_default=True,
    help="The folder of the files, one a data stream.",
)  # fmt: skip


@click.group("fields")
def command() -> None:
    """Look fields up, or declare your own: from a cluster, from Kibana, or from an integration's package.

    The files that are made are named under [tool.detections], `fields = ["fields/*.toml"]`; docs/fields.md says what
    can stand in them.
    """


@command.command("show")
@click.argument("names", nargs=-1, required=True)
@format_option("fields")
def show_names(names: Sequence[str], style: str) -> int:
    """Show what is known of NAMES: types, who declares them, and the rules that use them."""
    config = find_config()
    known = catalog(config.own_fields())
    rules = rules_at([], config) if config.path("rules").exists() else Rules(())
    used = {rule.name: set(unknown_field.names(rule)) for rule in rules}
    found = [_about(name, known, used) for name in names]
    report("fields", style, found)
    return int(not all(one["declared"] or one["templates"] or one["key_of"] for one in found))


def _about(name: str, known: Catalog, used: Mapping[str, set[str]]) -> dict[str, Any]:
    declared = [
        {"source": one.source.name, "mapping": dict(one.spec), "indices": _indices(known.streams_of(one))}
        for one in known.fields(name) or known.objects(name)
    ]
    templates = [
        {
            "source": template.source.name,
            "mapping": dict(template.spec),
            "indices": _indices(known.streams_of(template)),
        }
        for template in known.templates(name)
    ]
    field = catalog_mapping((), known.own).get(name)
    return {
        "name": name,
        "declared": declared,
        "templates": templates,
        "key_of": name[: -len(field.key) - 1] if field is not None and field.key else None,
        "taken_for": field.type if field is not None and not field.declared else None,
        "meant": None if known.is_known(name) else meant_by(name, known),
        "rules": [rule for rule, names in used.items() if name in names],
    }


def _indices(streams: Iterable[Stream]) -> list[str]:
    return [stream.index for stream in streams]


@command.command("package")
@click.argument("path", type=PathType())
@OUTPUT
def package(path: Path, folder: Path) -> int:
    """Declare the fields of an integration's package: PATH is its folder, or its zip."""
    return _written(read_package(path), folder, f"the package {path.name}")


@command.command("kibana")
@click.argument("name")
@click.option("--version", help="The package's version, else the one that is installed, else the newest.")
@ENVIRONMENT
@OUTPUT
def from_kibana(name: str, version: str | None, environment: str | None, folder: Path) -> int:
    """Declare the fields of the package NAME, as Kibana's Fleet has it."""
    with opened(chosen(environment, find_config())) as kibana:
        files = kibana.package_files(name, version)
    return _written(package_streams(files, name), folder, f"the package {name}, by Kibana")


@command.command("cluster")
@click.option("--index", required=True, metavar="PATTERN", help="The indices whose fields are declared.")
@click.option("--elasticsearch", "url", metavar="URL", help=f"The server, else ELASTICSEARCH_URL. {CREDENTIALS}")
@click.option("--name", help="The file's name, else made of the pattern.")
@OUTPUT
def cluster(index: str, url: str | None, name: str | None, folder: Path) -> int:
    """Declare the fields of a cluster's indices.

    Asked is their mapping, or where that may not be read, their field capabilities.
    """
    named = named_server(url, os.environ)
    if named is None:
        raise UsageError("name the cluster: --elasticsearch URL, or ELASTICSEARCH_URL")
    with Server(named) as server:
        fields, undeclared = _asked(server, index)
    if not fields:
        raise UsageError(f"no index matches {index}, or none has fields")
    stream = PackageStream(name or _name_of(index), index, fields, undeclared)
    return _written([stream], folder, f"the cluster's {index}")


def _asked(server: Server, index: str) -> tuple[dict[str, Any], Undeclared]:
    lenient = {"ignore_unavailable": True, "allow_no_indices": True}
    try:
        answer = server.ask("GET", f"/{index}/_mapping", parameters=lenient)
    except NotAllowed:
        tell("not allowed to read the mapping: field capabilities give types only")
        answer = server.ask("GET", f"/{index}/_field_caps", parameters={**lenient, "fields": "*"})
    found = answer.decoded()
    if found == {}:
        return {}, "stack"
    try:
        return from_answer(found)
    except UsageError as error:
        raise answer.unexpected("the fields of an index", str(error)) from None


@command.command("mapping")
@click.argument("path", type=PathType())
@click.option("--index", required=True, metavar="PATTERN", help="The indices that have these fields.")
@click.option("--name", help="The file's name, else made of the pattern.")
@OUTPUT
def mapping(path: Path, index: str, name: str | None, folder: Path) -> int:
    """Declare the fields in PATH: a saved answer of `GET index/_mapping` or `_field_caps`, in JSON."""
    try:
        fields, undeclared = from_answer(json.loads(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError, UsageError) as error:
        raise UsageError(f"{path}: {error}") from None
    return _written([PackageStream(name or _name_of(index), index, fields, undeclared)], folder, path.name)


def _name_of(index: str) -> str:
    stem = re.sub(r"^(logs|metrics|traces)-|[-*]+$", "", index.partition(",")[0])
    return re.sub(r"[^A-Za-z0-9._-]+", "_", stem).strip("._-") or "fields"


def _written(streams: Sequence[PackageStream], folder: Path, made_from: str) -> int:
    if not streams:
        raise UsageError(f"{made_from} declares no fields")
    for one in streams:
        path = folder / f"{one.name}.toml"
        save(path, text_of(one, made_from).encode())
        show(f"{path}  {plural(len(one.fields), 'field')}, {one.index}")
    config = find_config()
    names = {path.resolve() for pattern in config.fields for path in config.root.glob(pattern)}
    if not all((folder / f"{stream.name}.toml").resolve() in names for stream in streams):
        tell(f'name them in pyproject.toml: [tool.detections] fields = ["{folder}/*.toml"]')
    return 0


def text_of(stream: PackageStream, made_from: str) -> str:
    """A file of fields in TOML."""
    head = f"# Made by `detections fields` from {made_from}.\n" + entry(stream.index, "index")
    if stream.undeclared != "stack":
        head += entry(stream.undeclared, "undeclared")
    return head + "\n[fields]\n" + "".join(entry(stream.fields[name], name) for name in sorted(stream.fields))
