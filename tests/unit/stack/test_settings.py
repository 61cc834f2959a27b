"""The offsets of the ports of profiles."""

from dataclasses import asdict

import pytest

from stack.faults import StackFault
from stack.settings import PROFILES, read_port_offset, read_settings

CLIENT_PORTS_FROM = 32_768  # net.ipv4.ip_local_port_range


def test_no_two_profiles_share_a_port() -> None:
    ports = [
        port
        for profile in PROFILES
        for port in asdict(read_settings(profile=profile, port_offset=0).ports).values()
    ]
    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize("profile", PROFILES)
def test_ports_are_not_those_linux_gives_to_clients(profile: str) -> None:
    ports = asdict(read_settings(profile=profile, port_offset=0).ports).values()
    assert max(ports) < CLIENT_PORTS_FROM


def test_the_offset_moves_every_port() -> None:
    here = asdict(read_settings(profile="local", port_offset=0).ports)
    shifted_ports = asdict(read_settings(profile="local", port_offset=1000).ports)
    assert shifted_ports == {name: port + 1000 for name, port in here.items()}


@pytest.mark.parametrize("offset", [-20_000, 60_000])
def test_an_offset_beyond_the_possible_is_refused(offset: int) -> None:
    with pytest.raises(StackFault, match="impossible"):
        read_settings(profile="local", port_offset=offset)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(StackFault, match="local, test"):
        read_settings(profile="production", port_offset=0)


def test_an_offset_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_PORT_OFFSET", "high")
    with pytest.raises(StackFault, match="STACK_PORT_OFFSET=high"):
        read_port_offset("0")
