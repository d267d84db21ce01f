"""Checking files, of which most have not changed since they were last checked."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detections.catalog import Source
from detections.checks.cache import Cache, Identities, Known, digest, salt
from detections.checks.rules import run
from detections.checks.unique import identities
from detections.errors import Finding
from detections.rule import Rules, joined, load_files
from detections.source import content_of


@dataclass(frozen=True, slots=True)
class Files:
    """Files of rules, sorted: those that are asked for, and the project's others, with which their rules may clash."""

    asked: tuple[str, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Looked:
    """Files as they are now: the hash of what their findings hang on, what is known of them, the content of the
    others. A file that cannot be read is in neither."""

    digests: Mapping[str, str]
    known: Mapping[str, Known]
    contents: Mapping[str, bytes]


def run_on(files: Files, profiles: Sequence[str], fields: tuple[Source, ...], cache: Cache) -> list[Finding]:
    """Every finding about the files that are asked for, sorted by place, as :func:`run` gives those of their rules.

    A file that the cache knows is not loaded, unless its rule shares with another what should be its own.

    Raises:
        UsageError: a profile does not exist.
    """
    every = sorted({*files.asked, *files.beside})
    looked = _look(every, salt(profiles, fields), cache)
    loaded = load_files([file for file in every if file not in looked.known], fields, contents=looked.contents)
    own = {rule.document.path: identities(rule) for rule in loaded}
    alike = _alike({file: known.identities for file, known in looked.known.items()} | own)
    loaded = joined(loaded, load_files(sorted(alike & looked.known.keys()), fields))
    asked = _of(loaded, set(files.asked))
    found = run(asked, profiles, [rule for rule in loaded if rule.document.path in alike.difference(asked.files)])
    by_file: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        by_file[finding.location.path].append(finding)
    for file in asked.files:
        if file not in alike and file in looked.digests:
            cache.add(file, Known(looked.digests[file], tuple(by_file[file]), own.get(file, ())))
    tried = set(asked.files)
    found += [finding for file in files.asked if file not in tried for finding in looked.known[file].findings]
    return sorted(found, key=lambda finding: (finding.location, finding.code, finding.message))


def _look(files: Sequence[str], salt: bytes, cache: Cache) -> _Looked:
    digests, known, contents = {}, {}, {}
    for file in files:
        with contextlib.suppress(OSError):
            content = content_of(Path(file))
            digests[file] = digest(salt, file, content)
            before = cache.get(file, digests[file])
            if before is None:
                contents[file] = content
            else:
                known[file] = before
    return _Looked(digests, known, contents)


def _alike(own: Mapping[str, Identities]) -> set[str]:
    """The files that share an identity with another."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file, some in own.items():
        for identity in some:
            holders[identity].append(file)
    return {file for sharing in holders.values() if len(sharing) > 1 for file in sharing}


def _of(rules: Rules, files: Collection[str]) -> Rules:
    """Those of some files."""
    return Rules(
        tuple(rule for rule in rules if rule.document.path in files),
        tuple(file for file in rules.files if file in files),
        tuple(finding for finding in rules.findings if finding.location.path in files),
        tuple(rule for rule in rules.unsound if rule.document.path in files),
    )
