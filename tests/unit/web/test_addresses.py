"""The address of a request: our own proxies are trusted, a client's headers are not."""

import pytest

from app.web.addresses import address_group, address_network, client_address

PEER = "192.0.2.1"
SPOOFED = "198.51.100.9"


@pytest.mark.parametrize(
    ("forwarded_for", "proxies", "expected"),
    [
        ("", 0, PEER),
        (SPOOFED, 0, PEER),
        (f"{SPOOFED}, 127.0.0.1", 0, PEER),
        ("", 1, PEER),
        ("203.0.113.7", 1, "203.0.113.7"),
        (f"{SPOOFED},203.0.113.7", 1, "203.0.113.7"),
        (f"{SPOOFED}, 127.0.0.1 ,\t203.0.113.7", 1, "203.0.113.7"),
        (f"{SPOOFED}, 203.0.113.7, 10.0.0.1", 2, "203.0.113.7"),
        ("10.0.0.1", 2, PEER),
        ("203.0.113.7:4711", 1, "203.0.113.7"),
        ("2001:DB8:0::1", 1, "2001:db8::1"),
        ("[2001:db8::1]", 1, "2001:db8::1"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("fe80::1%eth0", 1, "fe80::1"),
        ("::ffff:203.0.113.7", 1, "203.0.113.7"),
        (f"{SPOOFED}, unknown", 1, PEER),
        (f"{SPOOFED}, ", 1, PEER),
        (f"{SPOOFED}, 999.1.1.1", 1, PEER),
        (f"{SPOOFED}, \uff12\uff10\uff13.0.113.7", 1, PEER),
    ],
)
def test_the_client_is_whom_the_outermost_of_our_proxies_saw(
    forwarded_for: str, proxies: int, expected: str
) -> None:
    assert client_address(PEER, forwarded_for, trusted_proxies=proxies) == expected


def test_a_peer_address_is_kept_for_ipv4_and_ipv6() -> None:
    assert client_address("::ffff:192.0.2.1", "", trusted_proxies=0) == "192.0.2.1"
    assert client_address("2001:DB8::1", "", trusted_proxies=0) == "2001:db8::1"
    assert client_address("", "", trusted_proxies=0) == ""  # a Unix socket's


def test_ipv6_counts_by_its_64_bit_prefix_and_ipv4_in_full() -> None:
    assert address_group("2001:db8:1:2::3") == address_group("2001:db8:1:2:ffff::1")
    assert address_group("2001:db8:1:2::3") != address_group("2001:db8:1:3::3")
    assert address_group("192.0.2.1") != address_group("192.0.2.2")
    assert address_group("") == ""


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("unknown", "unknown"),
    ],
)
def test_guesses_of_a_password_are_counted_for_a_network(address: str, network: str) -> None:
    assert address_network(address) == network
