"""Conditions and addresses (Elasticsearch 9.2)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from detections.functions.conversions import parse_address
from detections.functions.operators import sort_key
from detections.functions.signature import (
    ANY,
    DATETIME,
    IP,
    NUMERIC,
    STRING,
    Function,
    Implementation,
    Parameter,
    Several,
    Types,
    first_type,
    function,
    repeated,
    several,
    typed,
)
from detections.values.ip import is_v4, parse_cidr

_INTEGER = frozenset({"integer"})
_COMPARABLE = ANY


def _case(*arguments: object) -> object:
    """The value behind the first condition that is true (neither null nor several values), else the last one."""
    for at in range(0, len(arguments) - 1, 2):
        if arguments[at] is True:
            return arguments[at + 1]
    return arguments[-1] if len(arguments) % 2 else None


def _coalesce(*arguments: object) -> object:
    return next((argument for argument in arguments if argument is not None), None)


def _extreme(pick: Callable[..., object]) -> Callable[[Types], Implementation]:
    """Over all values of all arguments; null where one argument is."""

    def make(types: Types) -> Implementation:
        key = sort_key(first_type(types))

        def compute(*arguments: object) -> object:
            if any(argument is None for argument in arguments):
                return None
            return pick((value for argument in arguments for value in several(argument)), key=key)

        return compute

    return make


@functools.lru_cache(maxsize=4096)
def block(text: str) -> tuple[int, int]:
    """First and last address of a CIDR block, or a lone address. Raises ValueError."""
    found = parse_cidr(text) if "/" in text else (parse_address(text),) * 2
    if found is None:
        raise ValueError(f"'{text}' is not a CIDR block")
    return found


def _cidr_match(address: int, *blocks: str) -> bool:
    return any(low <= address <= high for low, high in map(block, blocks))


def _ip_prefix(address: int, v4_length: int, v6_length: int) -> int:
    if not 0 <= v4_length <= 32 or not 0 <= v6_length <= 128:
        raise ValueError("prefix length must be in range [0, 32] for IPv4, [0, 128] for IPv6")
    kept = v4_length + 96 if is_v4(address) else v6_length
    return address >> (128 - kept) << (128 - kept)


def _clamp(types: Types) -> Implementation:
    key = sort_key(first_type(types))
    return lambda value, low, high: min(max(value, low, key=key), high, key=key)


def _bound(pick: Callable[..., object]) -> Callable[[Types], Implementation]:
    def make(types: Types) -> Implementation:
        key = sort_key(first_type(types))
        return lambda value, other: pick(value, other, key=key)

    return make


_NETWORKS = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "unicast": ("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3", "::/1", "8000::/2", "c000::/3", "e000::/4"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"),
    "unspecified": ("0.0.0.0/32", "::/128"),
    "link_local_unicast": ("169.254.0.0/16", "fe80::/10"),
    "link_local_multicast": ("224.0.0.0/24", "ff02::/16"),
    "interface_local_multicast": ("ff01::/16",),
}


def _inside(address: int, networks: object) -> bool:
    for name in several(networks):
        if name == "public":
            private = ("private", "loopback", "unspecified", "link_local_unicast", "multicast")
            if not _inside(address, private):
                return True
        elif any(low <= address <= high for low, high in map(block, _NETWORKS.get(name, (name,)))):
            return True
    return False


def _network_direction(source: Any, destination: Any, networks: Any) -> str | None:
    if source is None or destination is None or networks is None:
        return None
    if isinstance(source, tuple) or isinstance(destination, tuple):
        raise Several
    coming, going = _inside(source, networks), _inside(destination, networks)
    if coming:
        return "internal" if going else "outbound"
    return "inbound" if going else "external"


def _round_to(value: Any, *points: Any) -> Any:
    """The greatest of the points that is not greater than the value; the least where none is."""
    ordered = sorted(points)
    return next((point for point in reversed(ordered) if point <= value), ordered[0])


_ROUNDED = NUMERIC | DATETIME

FUNCTIONS: dict[str, Function] = {
    "case": function(
        _case, result=lambda types: first_type((*types[1::2], *types[-1:][: len(types) % 2])), takes="whole"
    ),
    "cidr_match": function(
        _cidr_match, IP, Parameter(STRING, check=block), Parameter(STRING, True, True, check=block), result="boolean"
    ),
    "clamp": typed(_clamp, ANY, ANY, ANY, result=first_type, same=0, since="9.3", ga=None),
    "clamp_max": typed(_bound(min), ANY, ANY, result=first_type, same=0, since="9.3", ga=None),
    "clamp_min": typed(_bound(max), ANY, ANY, result=first_type, same=0, since="9.3", ga=None),
    "coalesce": function(_coalesce, ANY, repeated(ANY), result=first_type, takes="whole", same=0),
    "greatest": typed(_extreme(max), _COMPARABLE, repeated(_COMPARABLE), result=first_type, takes="whole", same=0),
    "ip_prefix": function(_ip_prefix, IP, _INTEGER, _INTEGER, result="ip"),
    "least": typed(_extreme(min), _COMPARABLE, repeated(_COMPARABLE), result=first_type, takes="whole", same=0),
    "network_direction": function(_network_direction, IP, IP, STRING, result="keyword", takes="whole", since="9.4"),
    "round_to": function(
        _round_to,
        _ROUNDED,
        Parameter(_ROUNDED, constant=True),
        Parameter(_ROUNDED, True, True, constant=True),
        result=first_type,
        same=0,
    ),
    "now": function(lambda: None, result="datetime"),
}
"""``case`` has its arguments checked where calls are compiled; ``now`` is answered by who evaluates."""
