import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.values import ip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("255.255.255.255", "255.255.255.255"),
        ("::", "::"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("::1.2.3.4", "::102:304"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_addresses(text: str, shown: str) -> None:
    value = ip.parse_ip(text)
    assert value is not None
    assert ip.format_ip(value) == shown


@pytest.mark.parametrize(
    "text",
    [
        "", "201.252.42.03", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "0x1.2.3.4", "localhost", "1", ":", ":1:2",
        "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", ":::", "1:2:3:4:5:6:7:8%", "::1.2.3", "g::",
        "AWS Internal", "\u0661.2.3.4", "1" * 10_000_000,
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    assert ip.parse_ip(text) is None


@given(st.ip_addresses())
def test_agrees_with_the_standard_library(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    value = ip.parse_ip(str(address))
    assert value is not None
    assert value & ((1 << address.max_prefixlen) - 1) == int(address)
    assert ip.parse_ip(ip.format_ip(value)) == value


def test_one_order_for_both_kinds() -> None:
    low, high = ip.parse_ip("10.0.0.9"), ip.parse_ip("10.0.0.10")
    assert low is not None
    assert high is not None
    assert low < high


@pytest.mark.parametrize(
    ("block", "inside", "outside"),
    [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ("10.1.2.3/8", "10.0.0.0", "9.255.255.255"),
        ("192.0.2.1/32", "192.0.2.1", "192.0.2.2"),
        ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
    ],
)
def test_blocks(block: str, inside: str, outside: str) -> None:
    found = ip.parse_cidr(block)
    assert found is not None
    first, last = found
    assert first <= (ip.parse_ip(inside) or 0) <= last
    assert not first <= (ip.parse_ip(outside) or 0) <= last


def test_zero_length_covers_a_family() -> None:
    assert ip.parse_cidr("0.0.0.0/0") == (ip.parse_ip("0.0.0.0"), ip.parse_ip("255.255.255.255"))
    assert ip.parse_cidr("::/0") == (0, 2**128 - 1)


@pytest.mark.parametrize(
    "text", ["1.2.3.4", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/x", "/8", "1.2.3.4/8/8", "a/8"]
)
def test_no_blocks(text: str) -> None:
    assert ip.parse_cidr(text) is None
