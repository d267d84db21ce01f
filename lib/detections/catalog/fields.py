"""What is known of fields: ECS, integrations, Beats, Elastic Endpoint, and a project's own files.

A field has its type in a data stream, and the same name may have another one elsewhere: a name has declarations, and a
:class:`~detections.catalog.view.View` chooses among them. Multi-fields are declared in their field's kind, as in an
Elasticsearch mapping, and answered under their own names here.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from detections.catalog.sources import Source, Spec, Stream, built_in, ecs

OBJECTS = frozenset({"object", "nested", "disabled"})
UNDECLARED = "undeclared"
"""The type of a name that is known, but that no mapping declares."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """One mapping of a name. ``streams`` has a bit for each data stream that it holds in; ECS itself has none.

    Keys of ``spec``: ``type`` (Elasticsearch's); where they hold: ``ignore_above`` (UTF-16 units), ``path`` (of a
    multi-field its parent, of an alias its target), ``nested`` (path of the nested object that holds it), ``array``
    (usually several values), ``index`` (False: it cannot be searched), ``normalizer``, ``analyzer``,
    ``scaling_factor``, ``value`` (of a constant_keyword), ``keys`` (of an object: the mapping of what is below it).
    """

    spec: Spec
    source: Source
    streams: int


@dataclass(slots=True)
class Group:
    """What is declared under one first part of names; ``templates`` are for the keys of objects."""

    fields: dict[str, list[Declaration]] = field(default_factory=dict)
    objects: dict[str, list[Declaration]] = field(default_factory=dict)
    templates: list[tuple[re.Pattern[str], Declaration]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


class Catalog:
    """The fields of a project's own sources, of ECS, and of the sources in etc/fields, in this order."""

    def __init__(self, own: Iterable[Source] = ()) -> None:
        self.own = tuple(own)
        self._sources = (*self.own, ecs(), *built_in())
        self.streams: tuple[Stream, ...] = tuple(stream for source in self._sources for stream in source.streams)
        self._groups: dict[str, Group] = {}

    def fields(self, name: str) -> list[Declaration]:
        """The declarations of a field, whichever data streams have it."""
        return self._group(_root(name)).fields.get(name, [])

    def streams_of(self, declaration: Declaration) -> list[Stream]:
        """The data streams that have a declaration; none for ECS's own."""
        return [stream for at, stream in enumerate(self.streams) if declaration.streams >> at & 1]

    def objects(self, name: str) -> list[Declaration]:
        """The declarations of an object: ``object``, ``nested``, or ``disabled`` (nothing below it is mapped)."""
        return self._group(_root(name)).objects.get(name, [])

    def templates(self, name: str) -> list[Declaration]:
        """What is declared for all keys of an object, where a name is one of them."""
        return [one for pattern, one in self._group(_root(name)).templates if pattern.fullmatch(name)]

    def siblings(self, name: str) -> list[str]:
        """The declared names with the same first part, sorted."""
        return self._group(_root(name)).names

    def below(self, path: str) -> list[str]:
        """The declared names under an object, sorted."""
        names = self._group(path.partition(".")[0]).names
        return names[bisect.bisect_left(names, f"{path}.") : bisect.bisect_left(names, f"{path}/")]

    def names(self) -> Iterator[str]:
        """Every name that is declared anywhere, multi-fields too."""
        for root in self.roots:
            yield from self._group(root).names

    def nested_names(self) -> Iterator[tuple[str, list[Declaration]]]:
        """Every object that is nested somewhere: its objects are searched one by one."""
        for root in self.roots:
            for name, found in self._group(root).objects.items():
                if nested := [one for one in found if one.spec["type"] == "nested"]:
                    yield name, nested

    def is_object(self, name: str) -> bool:
        """Whether the name is an object: declared as one, or with declared fields under it."""
        return bool(self.objects(name)) or any(self.fields(one)[0].spec.get("path") != name for one in self.below(name))

    def is_open(self, name: str) -> bool:
        """Whether the name is an object that takes any keys (``labels``): whoever declares it lists none of them."""
        listing = {one.source.name for below in self.below(name) for one in self.fields(below)}
        return any("keys" in one.spec or one.source.name not in listing for one in self.objects(name))

    def is_known(self, name: str) -> bool:
        """Whether anything declares the name: a field, an object, or one that takes any keys."""
        if self.fields(name) or self.is_object(name) or self.templates(name):
            return True
        above = (name[:at] for at, character in enumerate(name) if character == ".")
        return any(self.is_open(one) or self._takes_keys(one) for one in above)

    def _takes_keys(self, name: str) -> bool:
        return any(one.spec["type"] == "flattened" for one in self.fields(name))

    @functools.cached_property
    def ecs_roots(self) -> frozenset[str]:
        """The first parts of ECS's names."""
        return frozenset(ecs().fields) - {""}

    @functools.cached_property
    def roots(self) -> Mapping[str, None]:
        """The first parts of all names; the empty one stands for names of one part."""
        return dict.fromkeys(root for source in self._sources for root in source.fields)

    def _group(self, root: str) -> Group:
        found = self._groups.get(root)
        if found is None:
            found = self._groups[root] = Group()
            first = 0
            for source in self._sources:
                bits = {stream.name: 1 << first + at for at, stream in enumerate(source.streams)}
                first += len(bits)
                for name, kind, inside in source.declared(root):
                    _declare(found, name, Declaration(kind, source, sum(bits[one] for one in inside)))
                # The multi-fields of a name of one part begin with it.
                for name, kind, inside in source.declared("") if root else ():
                    if name == root and "fields" in kind:
                        _declare_inner(found, name, Declaration(kind, source, sum(bits[one] for one in inside)))
            _mark_nested(found)
            found.names = sorted(found.fields)
        return found


def _root(name: str) -> str:
    root, dot, _ = name.partition(".")
    return root if dot else ""


def _declare(group: Group, name: str, made: Declaration) -> None:
    kind = made.spec
    keys = kind.get("keys") or (kind if "*" in name else None)
    if keys is not None and keys["type"] not in OBJECTS:
        below = name if "*" in name else f"{name}.*"
        pattern = re.compile(".*".join(map(re.escape, below.split("*"))), re.DOTALL)
        group.templates.append((pattern, replace(made, spec=keys)))
    if "*" in name:
        return
    if kind["type"] in OBJECTS:
        group.objects.setdefault(name, []).append(made)
        return
    own = {key: value for key, value in kind.items() if key != "fields"}
    group.fields.setdefault(name, []).append(replace(made, spec=own))
    if "." in name:
        _declare_inner(group, name, made)


def _declare_inner(group: Group, name: str, made: Declaration) -> None:
    """Declare the multi-fields of a field."""
    for suffix, inner in made.spec.get("fields", {}).items():
        spec = {**inner, "path": name}
        group.fields.setdefault(f"{name}.{suffix}", []).append(replace(made, spec=spec))


def _mark_nested(group: Group) -> None:
    """Let fields know the nested object that holds them, in those data streams where it is nested."""
    for path, found in sorted(group.objects.items()):
        for holder in (one for one in found if one.spec["type"] == "nested"):
            for name in [name for name in group.fields if name.startswith(f"{path}.")]:
                group.fields[name] = [one for given in group.fields[name] for one in _held(given, holder, path)]


def _held(one: Declaration, holder: Declaration, path: str) -> Iterator[Declaration]:
    """A declaration, in two where it is nested in some of its data streams only."""
    inside, outside = one.streams & holder.streams, one.streams & ~holder.streams
    of_ecs = not one.streams
    if inside or (of_ecs and not holder.streams):
        yield replace(one, spec={**one.spec, "nested": path}, streams=inside)
    if outside or (of_ecs and holder.streams):
        yield replace(one, streams=outside)


@functools.cache
def catalog(own: tuple[Source, ...] = ()) -> Catalog:
    """The catalog of a project's own sources and all that are known besides, made once."""
    return Catalog(own)
