"""Secrets out of texts for people. A server, or a proxy before it, may say back what it was sent."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_SHORT = 8
"""Fewer characters of an API key's id than this are not secret: they are part of many words."""


class Mask:
    """Hides some secrets in texts, in every form that they are sent or written in."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))  # one may be a part of another

    def __repr__(self) -> str:
        return "Mask()"

    def __call__(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text


def key_parts(api_key: str) -> Iterator[str]:
    """An encoded API key, the ``id:key`` that it stands for, and the parts of that."""
    yield api_key
    try:
        decoded = base64.b64decode(api_key, validate=True).decode()
    except (binascii.Error, ValueError):
        return
    name, colon, key = decoded.partition(":")
    if colon:
        yield from (part for part in (decoded, key, name if len(name) >= _SHORT else "") if part)


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret))
    yield base64.b64encode(secret.encode()).decode()
