"""IP addresses as Elasticsearch 9.2 reads them (``InetAddresses``, after Guava).

An address is a 128-bit integer; an IPv4 address stands at ``::ffff:a.b.c.d``, so both kinds share one order. Stricter
than the C library: no leading zeros in IPv4 (``201.252.42.03``), no host names, no ``1.2.3``; a scope id is ignored.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable

V4_MAPPED = 0xFFFF << 32
_BITS = 128
_OCTET = r"(?:0|[1-9][0-9]{0,2})"
_V4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
_HEXTETS = re.compile(r"[0-9A-Fa-f:]+", re.ASCII)
_LONGEST = 200


@functools.lru_cache(maxsize=65536)
def parse_ip(text: str) -> int | None:
    """The address as a 128-bit integer, None where Elasticsearch refuses the text."""
    if len(text) > _LONGEST:
        return None
    text, percent, scope = text.partition("%")
    if percent and not scope:
        return None
    if ":" not in text:
        return _parse_v4(text, V4_MAPPED)
    head, colon, tail = text.rpartition(":")
    if "." in tail:
        quad = _parse_v4(tail, 0)
        if quad is None:
            return None
        text = f"{head}{colon}{quad >> 16:x}:{quad & 0xFFFF:x}"
    return _parse_v6(text)


def _parse_v4(text: str, base: int) -> int | None:
    if not _V4.fullmatch(text):
        return None
    value = 0
    for octet in map(int, text.split(".")):
        if octet > 255:
            return None
        value = value << 8 | octet
    return base | value


def _parse_v6(text: str) -> int | None:
    if not _HEXTETS.fullmatch(text) or text.count("::") > 1 or ":::" in text:
        return None
    front, gap, back = text.partition("::")
    head, tail = front.split(":") if front else [], back.split(":") if back else []
    if "" in head or "" in tail or (len(head) + len(tail) > 7 if gap else len(head) != 8):
        return None
    hextets = [int(part, 16) for part in [*head, *["0"] * (8 - len(head) - len(tail)), *tail]]
    if max(hextets) > 0xFFFF:
        return None
    value = 0
    for hextet in hextets:
        value = value << 16 | hextet
    return value


def parse_cidr(text: str) -> tuple[int, int] | None:
    """First and last address of a block (``10.0.0.0/8``, ``2001:db8::/32``); bits behind the prefix are ignored.

    None where the text is not a block: also for a lone address, which is not a block for Elasticsearch either.
    """
    address, slash, length = text.partition("/")
    base = parse_ip(address)
    if not slash or base is None or not (length.isascii() and length.isdecimal()) or len(length) > 3:
        return None
    prefix = int(length)
    if is_v4(base):
        # The mapped prefix is part of the block's own, however the address was written.
        prefix += 0 if ":" in address and prefix >= 96 else 96
    if prefix > _BITS:
        return None
    span = (1 << (_BITS - prefix)) - 1
    return base & ~span, base | span


def is_v4(value: int) -> bool:
    return value >> 32 == 0xFFFF


def format_ip(value: int) -> str:
    """The address as Elasticsearch prints it: dotted IPv4, RFC 5952 IPv6."""
    if is_v4(value):
        return str(ipaddress.IPv4Address(value & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(value))


def merged(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The same addresses as ranges in order, none of which touches another."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)
