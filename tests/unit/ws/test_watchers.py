"""Those who watch an auction may all bid in the same second: their rights are known before."""

import pytest
from msgspec import Struct

from app.services.live import Snapshot
from app.web.ws.gateway import Gateway
from tests.unit.ws.builders import Client, FakeServices

AUCTION, WATCHER = 7, 5


class Shown(Struct):
    """As much of an auction as a subscription needs."""

    version: int = 1


def test_rights_of_signed_in_watchers_are_read_before_they_bid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services = FakeServices()
    shown = Snapshot(Shown(), [])  # type: ignore[arg-type]
    monkeypatch.setattr(services, "snapshot", lambda *_: shown)
    monkeypatch.setattr(services.snapshots, "auction", lambda _: shown)  # as guests see it
    gateway = Gateway(services.of_gateway())
    guest, client = Client(services, gateway.hub), Client(services, gateway.hub)
    guest.request("auth")
    client.request("auth", token=str(WATCHER))
    for each in guest, client:
        each.request("subscribe", channel=f"auction:{AUCTION}")
        assert each.channels == {f"auction:{AUCTION}"}
    assert services.bidding.cached_right(WATCHER, AUCTION) is None
    gateway._refresh_rights()
    assert services.bidding.cached_right(WATCHER, AUCTION) is not None
