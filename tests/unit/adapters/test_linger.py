"""A batch waits for more records while many come, and as short as before while few do."""

from types import SimpleNamespace

import pytest

from app.adapters.kafka import linger
from app.adapters.kafka.linger import BUSY_MS, Linger
from app.protocol.topics import AUCTION_BID
from tests.unit.adapters.offline_client import OfflineClient
from tests.unit.adapters.test_producer import connected

QUIET_MS = 5
CLUSTER = SimpleNamespace(leader_for_partition=lambda _: 0)


@pytest.fixture
def client() -> OfflineClient:
    client = OfflineClient()
    client._accumulator.config["linger_ms"] = QUIET_MS
    return client


def wait_ms(client: OfflineClient) -> float:
    """For how long the client's sender would wait now for more records of a batch just opened."""
    (batch,) = [batch for waiting in client._accumulator._batches.values() for batch in waiting]
    _, wait_s, _ = client._accumulator.ready(CLUSTER, now=batch.last_attempt)
    return float(wait_s) * 1_000


def count(linger: Linger, *, per_s: int, from_s: float, seconds: float) -> float:
    """Count records that come at an even rate; the time of the last."""
    times = [from_s + number / per_s for number in range(round(per_s * seconds))]
    for now in times:
        linger.count(now)
    return times[-1]


def test_the_sender_waits_as_long_as_it_is_set(client: OfflineClient) -> None:
    connected(client).append_soon(AUCTION_BID, key=1, value=b"x", done=lambda _: None)
    assert wait_ms(client) == pytest.approx(QUIET_MS)


def test_a_producer_that_gets_many_records_waits_for_more(
    client: OfflineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linger, "PERIOD_S", 0.0)  # else the test would take as long
    producer = connected(client)
    for _ in range(3):
        producer.append_soon(AUCTION_BID, key=1, value=b"x", done=lambda _: None)
    assert wait_ms(client) == pytest.approx(BUSY_MS)


@pytest.mark.parametrize(
    ("per_s", "expected_ms"), [(10, QUIET_MS), (250, QUIET_MS), (350, BUSY_MS), (5_000, BUSY_MS)]
)
def test_the_rate_decides(client: OfflineClient, per_s: int, expected_ms: int) -> None:
    count(Linger(client), per_s=per_s, from_s=100.0, seconds=2.0)
    assert client._accumulator.config["linger_ms"] == expected_ms


def test_the_first_record_after_a_pause_waits_no_longer(client: OfflineClient) -> None:
    changing = Linger(client)
    last = count(changing, per_s=1_000, from_s=100.0, seconds=1.0)
    assert client._accumulator.config["linger_ms"] == BUSY_MS
    changing.count(last + 5.0)
    assert client._accumulator.config["linger_ms"] == QUIET_MS
