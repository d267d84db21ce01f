"""What CloudTrail can record: eventSource (``event.provider``) and eventName (``event.action``); from etc/aws.

Operations come from botocore's service models; events that are not operations (console sign-in, a snapshot used by
another account) from a table written by hand, which is never complete: an unknown name is no proof that nothing writes
it.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Sequence

from detections.catalog.extracts import extract

SUFFIX = ".amazonaws.com"
_API_DATE_BEGUN = re.compile(r"(?P<name>.*[A-Za-z])(?:20[\d_]*)(?:v\d*)?")
_API_DATE = re.compile(r"(?:\d{8}|\d{4}_\d{2}_\d{2})(?:v\d+)?$")


@functools.cache
def providers() -> frozenset[str]:
    """Every known event source, as CloudTrail writes it (``ec2.amazonaws.com``)."""
    return frozenset(name + SUFFIX for source in _tables() for name in source)


@functools.cache
def events(provider: str) -> frozenset[str]:
    """The event names that the provider is known to write, without API dates; empty for an unknown provider."""
    name = provider.removesuffix(SUFFIX)
    return frozenset(event for source in _tables() for event in source.get(name, "").split())


def is_operation(provider: str, action: str) -> bool:
    """Whether the provider is known to write events of this name (Lambda and CloudFront may append an API date)."""
    known = events(provider)
    if action in known:
        return True
    dated = extract("aws/events.json")["dated"]
    return provider.removesuffix(SUFFIX) in dated and _API_DATE.sub("", action) in known


def may_be_dated(pattern: Sequence[object], providers: Iterable[str]) -> bool:
    """Whether a pattern, texts and marks, can fit an event with an API date in its name (``DeleteFunction2015*``)."""
    match pattern:
        case (str() as start, *_) if found := _API_DATE_BEGUN.fullmatch(start):
            dated = extract("aws/events.json")["dated"]
            return any(
                provider.removesuffix(SUFFIX) in dated and found["name"] in events(provider) for provider in providers
            )
    return False


def providers_of(action: str) -> list[str]:
    """The providers that write events of this name, sorted."""
    return sorted(provider for provider in providers() if action in events(provider))


def suggest_provider(provider: str) -> str | None:
    """The provider that was probably meant by a misspelt one, also where ``.amazonaws.com`` is what is wrong."""
    stem = closest(provider.partition(".")[0], (known.removesuffix(SUFFIX) for known in providers()))
    return stem + SUFFIX if stem else None


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` is a slip of (case, spaces, a few letters), None where nothing is near."""
    plain = {_plain(one): one for one in sorted(known)}
    if _plain(name) in plain:
        return plain[_plain(name)]
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.85)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "")


def _tables() -> tuple[dict[str, str], dict[str, str]]:
    return extract("aws/operations.json")["operations"], extract("aws/events.json")["events"]
