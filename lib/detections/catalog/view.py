"""The fields of the data streams that a rule searches."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from detections.catalog import patterns
from detections.catalog.dynamic import PLAIN, by_name
from detections.catalog.fields import UNDECLARED, Catalog, Declaration, catalog
from detections.catalog.sources import Source, Spec, Stream, Undeclared

ANYWHERE = "*"
"""The pattern of fields that an ingest pipeline may put into any index."""


class View:
    """The data streams of a catalog that index patterns can name, all of them where there are none."""

    def __init__(self, catalog: Catalog, indices: Iterable[str] = ()) -> None:
        self._catalog = catalog
        named = patterns.targets(indices)
        inside = [
            (1 << at, one)
            for at, one in enumerate(catalog.streams)
            if not named or one.index == ANYWHERE or patterns.overlaps(named, one.index)
        ]
        known = [one for _, one in inside if one.index != ANYWHERE]
        self._streams = sum(bit for bit, _ in inside)
        self._own = sum(bit for bit, one in inside if one.own)
        self._with_ecs = sum(bit for bit, one in inside if one.ecs and one.index != ANYWHERE)
        prefixes = [one.partition("*")[0] for one in named if not one.startswith("-")]
        # Some index that nothing is known of may be searched, too.
        self._open = not named or any(not any(map(prefix.startswith, _stems(known))) for prefix in prefixes)
        self._listed = self._own | sum(bit for bit, one in inside if _is_listed(one, prefixes))
        kinds = {"stack"} if self._open else {one.undeclared for one in known}
        self.undeclared_as: Undeclared = (
            "stack" if "stack" in kinds else "keyword" if "keyword" in kinds else "unmapped"
        )

    def specs(self, name: str) -> list[Spec]:
        """The mappings of a field in these data streams, where they differ (see :class:`Declaration`), the project's
        own alone where it has one. Of a field that only others declare, the mappings there, unless it is unmapped here.
        """
        found: list[Spec] = []
        for one in self._chosen(self._catalog.fields(name)):
            spec = self._target(one) if one.spec["type"] == "alias" else one.spec
            if spec is not None and spec not in found:
                found.append(spec)
        return found

    def undeclared(self, name: str) -> tuple[Spec, bool] | None:
        """The mapping of a field that nothing declares by its name, and whether something does for all keys of an
        object; None where it is not mapped at all.
        """
        around = (self._catalog.objects(name[:at]) for at, one in enumerate(name) if one == ".")
        if any(one.spec["type"] == "disabled" and one.streams & self._streams for found in around for one in found):
            return None
        if templates := self._chosen(self._catalog.templates(name)):
            return templates[0].spec, True
        if self.undeclared_as == "unmapped":
            return None
        return (by_name(name) if self.undeclared_as == "stack" else PLAIN), False

    def elsewhere(self, name: str) -> list[Stream]:
        """The data streams that have a field of this name, where all that are searched are known, and none has any
        field that begins like it: of those that are, a newer version may have this one, too."""
        known = self._catalog.fields(name)
        if self._open or any(self._here(self._catalog.fields(sibling)) for sibling in self._catalog.siblings(name)):
            return []
        bits = 0
        for one in known:
            bits |= one.streams if one.spec["type"] != UNDECLARED else 0
        return [stream for at, stream in enumerate(self._catalog.streams) if bits >> at & 1]

    def names(self, pattern: str) -> Iterator[str]:
        """The names that these data streams declare, among them all that a pattern with ``*`` fits. An alias of a field
        that is not there is none."""
        root, dot, _ = pattern.partition(".")
        known: Iterable[str] = self._catalog.names()
        if dot and "*" not in root:
            siblings, begun = self._catalog.siblings(pattern), pattern.partition("*")[0]
            known = siblings[bisect_left(siblings, begun) : bisect_left(siblings, f"{begun}\U0010ffff")]
        return (name for name in known if self._here(self._catalog.fields(name)) and self.specs(name))

    def listed(self) -> Iterator[str]:
        """The names that are listed without being asked for: ECS's, the project's own, and those of the integrations
        that are named (without patterns CloudTrail's). There are thousands of others."""
        for name in self._catalog.names():
            if any(map(self._is_listed, self._here(self._catalog.fields(name)))) and self.specs(name):
                yield name

    def below(self, path: str) -> Iterator[str]:
        """The names that are declared under an object, sorted."""
        return (name for name in self._catalog.below(path) if self.specs(name))

    def nested_paths(self) -> Iterator[str]:
        """The objects that are nested, among those that are listed."""
        return (name for name, found in self._catalog.nested_names() if any(map(self._is_listed, self._here(found))))

    def _is_listed(self, one: Declaration) -> bool:
        return bool(one.streams & self._listed) or not one.streams

    def is_nested(self, path: str) -> bool:
        return any(one.spec["type"] == "nested" for one in self._chosen(self._catalog.objects(path)))

    def _here(self, known: list[Declaration]) -> list[Declaration]:
        """Those of a name's declarations that hold in these data streams."""
        here = [one for one in known if one.streams & self._streams and one.spec["type"] != UNDECLARED]
        if own := [one for one in here if one.streams & self._own]:
            return own
        apart = 0
        for one in here:
            apart |= one.streams
        if self._open or self._with_ecs & ~apart:
            return [*(one for one in known if not one.streams), *here]
        return here

    def _chosen(self, known: list[Declaration]) -> list[Declaration]:
        found = self._here(known)
        if found or self.undeclared_as == "unmapped":
            return found
        return [one for one in known if one.spec["type"] != UNDECLARED]

    def _target(self, alias: Declaration) -> Spec | None:
        """The mapping of what an alias stands for, in one of the data streams that have the alias."""
        path = alias.spec["path"]
        known = [field for field in self._catalog.fields(path) if field.spec["type"] != "alias"]
        best = next((one for one in known if one.streams & alias.streams), None)
        best = best or next((one for one in known if not one.streams), None)
        return None if best is None else {"path": path, **best.spec}


def _stems(streams: Iterable[Stream]) -> set[str]:
    return {stream.stem for stream in streams}


def _is_listed(stream: Stream, prefixes: list[str]) -> bool:
    if not prefixes:
        return str(stream) == "aws.cloudtrail"
    return stream.undeclared != "keyword" and any(prefix.startswith(stream.stem) for prefix in prefixes)


@functools.cache
def view(indices: tuple[str, ...] = (), own: tuple[Source, ...] = ()) -> View:
    """What index patterns can name, of a project's own sources and all that are known besides, made once."""
    return View(catalog(own), indices)
