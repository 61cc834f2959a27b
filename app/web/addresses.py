"""The client's address: the one place where a forwarded address is trusted.

Limits count a group of addresses as one client: an IPv4 address, or the /64 of an IPv6 address,
because a home or a server gets a whole /64.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from flask import request

from app.services.sessions import DEVICE_CHARACTERS_MAX, Client
from app.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1"})
IPV6_GROUP_BITS = 64
IPV4_NETWORK_BITS, IPV6_NETWORK_BITS = 24, 48
FORWARDED_FOR = "X-Forwarded-For"


def client_address(peer: str, forwarded_for: str, *, trusted_proxies: int) -> str:
    """Return the client's address, in its canonical form.

    Each of our own `trusted_proxies` adds the address it was called from to the end of
    `forwarded_for` (X-Forwarded-For), so the client is the entry that many from the end; what
    stands before it was sent by the client and means nothing. Without proxies, or when the entry
    is missing or no address, it is the `peer` of the connection.
    """
    entries = forwarded_for.split(",")
    if not 0 < trusted_proxies <= len(entries):
        return _canonical(peer) or peer
    return _canonical(entries[-trusted_proxies]) or _canonical(peer) or peer


def request_address(settings: Settings) -> str:
    """Return the client's address of the current request."""
    return client_address(
        request.remote_addr or "",
        request.headers.get(FORWARDED_FOR, ""),
        trusted_proxies=settings.trusted_proxies,
    )


def request_client(settings: Settings) -> Client:
    """Return where the request comes from, as a session keeps it."""
    user_agent = request.headers.get("User-Agent", "")
    device = "".join(letter for letter in user_agent if letter.isprintable())
    return Client(device[:DEVICE_CHARACTERS_MAX], address_group(request_address(settings)))


def is_trusted(address: str, settings: Settings) -> bool:
    """Return whether the limits per address spare `address`: loopback, where settings say so."""
    return settings.trust_loopback and address in LOOPBACK


def address_group(address: str) -> str:
    """Return what limits count `address` under: itself, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(IPv6Network((int(parsed), IPV6_GROUP_BITS), strict=False))


def address_network(address: str) -> str:
    """Return what guesses of a password are counted under: the /24 of an IPv4 address, the /48 of
    an IPv6 address, for who has one address of them may easily have more.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    bits = IPV4_NETWORK_BITS if isinstance(parsed, IPv4Address) else IPV6_NETWORK_BITS
    return str(ip_network((parsed, bits), strict=False))


def _canonical(entry: str) -> str | None:
    try:
        parsed = ip_address(_without_port(entry.strip()))
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed)))  # without a zone
    return str(parsed)


def _without_port(entry: str) -> str:
    """Some proxies write `1.2.3.4:5678` or `[2001:db8::1]:5678`."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
