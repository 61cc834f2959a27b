"""A restored database is refused until `app.admin after-restore` has begun a new epoch.

The restored database is a new one; topic, sessions and offsets are those of a newer one. What
PostgreSQL itself does in a restore, `make drill` shows.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from flask.testing import FlaskClient
from kafka import KafkaProducer
from sqlalchemy import create_engine

from app.adapters.postgres.epochs import ConnectedDatabase
from app.adapters.redis.sessions import RedisSessions
from app.bootstrap.bids import BidsContainer
from app.domain.errors import BusyError
from app.protocol.records import BidValue
from app.protocol.topics import AUCTION_BID, INGEST_GROUP
from app.services.epochs import DatabaseGuard
from app.services.sessions import Client
from app.settings import Settings, read_settings
from app.web.app import create_app
from lanes.kafka.connect import make_producer
from lanes.kafka.offsets import GroupOffsets
from lanes.postgres.engine import driver_url
from stack import Stack
from tests import kafka_log
from tests.bid_values import bid_value
from tests.containers import Container, build_container
from tests.integration.database import alembic, own_database
from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market
from tests.waiting import wait_until

LOST_BIDDER, LOST_VISITOR, LOST_AUCTION = 70_001, 80_002, 90_003
COMMAND = "run `python -m app.admin after-restore`"
GUESSED_ID = 2**62  # of a forged record: no user has it
PASSWORD = "a rather long one"


@dataclass
class Restored:
    """A restored database, and the state that Kafka and Redis remember."""

    environment: dict[str, str]
    settings: Settings
    container: Container
    worker: BidsContainer
    client: FlaskClient
    token: str

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def after_restore(self, *options: str) -> str:
        result = self.run("app.admin", "after-restore", *options)
        lines = [line for line in result.stderr.splitlines() if '"stream":"security"' not in line]
        assert (result.returncode, lines) == (0, [])
        return result.stdout

    def sign_up(self, name: str) -> tuple[int, object]:
        account = {"email": f"{name}@example.org", "password": PASSWORD, "nickname": name}
        answer = Market(self.client, self.container.engine).call(
            "POST", "/api/auth/signup", body=account
        )
        return answer.status_code, answer.get_json().get("user", {}).get("id")

    def me(self, client: FlaskClient, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return client.get("/api/me", headers=headers).status_code


@pytest.fixture(scope="module")
def restored(stack: Stack) -> Iterator[Restored]:
    with own_database("restored") as found:
        environment = {**found, "TRUST_LOOPBACK": "1"}
        alembic(environment, "upgrade", "head")
        settings = read_settings(environment)
        token = _signed_in_before(environment)
        _leave_traces(settings)
        container = build_container(settings, application="tests")
        container.guard_database()
        worker = BidsContainer(settings, application="worker")
        worker.guard_database()
        client = create_app(container).test_client()
        yield Restored(environment, settings, container, worker, client, token)
        worker.engine.dispose()
        container.engine.dispose()
        container.producer.close()


def _signed_in_before(environment: dict[str, str]) -> str:
    """Return the access token of a user who is still in the database, of its epoch."""
    with application(environment) as client:
        account = {"email": "kept@example.org", "password": PASSWORD, "nickname": "kept"}
        assert client.post("/api/auth/signup", json=account).status_code == 201
        login_body = {"email": account["email"], "password": PASSWORD, "delivery": "body"}
        return str(client.post("/api/auth/login", json=login_body).get_json()["access_token"])


def _leave_traces(settings: Settings) -> None:
    """Write the records, sessions and offsets of rows that the database has lost."""
    producer = make_producer(settings.kafka, name="tests")
    for bidder_id in (LOST_BIDDER, GUESSED_ID):
        _put(producer, bid_value(bidder_id, LOST_AUCTION, amount=5_000))
    producer.close(timeout=10)
    container = build_container(settings, application="tests")
    sessions = RedisSessions(
        container.auth_redis, container.fanout, epoch=lambda: "before", limits=settings.limits
    )
    sessions.open("0" * 32, LOST_VISITOR, token_hash="hash", client=Client())
    ends = kafka_log.ends(settings, AUCTION_BID.name)
    GroupOffsets(settings.kafka).move(INGEST_GROUP, AUCTION_BID, ends)


def _put(producer: KafkaProducer, bid: BidValue) -> None:
    key = str(bid.auction_id).encode()
    producer.send(AUCTION_BID.name, key=key, value=msgspec.json.encode(bid)).get(timeout=30)


def test_a_database_older_than_kafka_needs_after_restore(restored: Restored) -> None:
    _is_refused_everywhere(restored)
    dry = restored.after_restore("--dry-run")
    assert "nothing was changed" in dry
    assert f"\n  {LOST_BIDDER}  " in dry
    assert f"\n  {LOST_VISITOR}  " in dry
    assert f"\n  {LOST_AUCTION}  " in dry
    assert str(GUESSED_ID) not in dry
    _is_refused(restored)

    done = restored.after_restore()
    assert "has begun" in done
    restored.container.engine.dispose()
    wait_until(lambda: _is_admitted(restored.container), what="the next look admits it")
    _is_open(restored)
    assert "nothing to do" in restored.after_restore()
    assert restored.sign_up("later")[0] == 201, "a second time it changes nothing"


def _is_refused_everywhere(restored: Restored) -> None:
    _is_refused(restored)
    admin = ("app.admin", "grant", "kept@example.org", "admin")
    commands = (("bridge", "relay"), ("bridge", "replay", "list"), admin)
    for command in commands:
        result = restored.run(*command)
        assert result.returncode == 2, command
        lines = [line for line in result.stderr.splitlines() if "older than the log" in line]
        (line,) = [line for line in lines if not line.startswith("{")]  # nor in the log
        assert COMMAND in line


def _is_refused(restored: Restored) -> None:
    with pytest.raises(BusyError, match=COMMAND):
        restored.worker.check_database()
    ready = restored.client.get("/readyz")
    assert ready.status_code == 503
    assert COMMAND in ready.get_json()["dependencies"]["postgresql"]
    assert restored.sign_up("early") == (503, None)
    login_body = {"email": "kept@example.org", "password": PASSWORD}
    assert restored.client.post("/api/auth/login", json=login_body).status_code == 503
    assert restored.me(restored.client, restored.token) == 503
    with pytest.raises(BusyError, match="older than the log"):
        restored.container.admitting_log.append(AUCTION_BID, key=1, value=b"{}")


def _is_admitted(container: Container | BidsContainer) -> bool:
    """As a gateway looks once a second, and a worker."""
    try:
        container.check_database()
    except BusyError:
        return False
    return True


def _is_open(restored: Restored) -> None:
    assert restored.me(restored.client, restored.token) == 401
    with (
        refused_address() as address,
        application(restored.environment, REDIS_AUTH_URL=f"redis://{address}/0") as client,
    ):
        assert restored.me(client, restored.token) == 401, "without sessions it is the epoch alone"
    status, new_id = restored.sign_up("new")
    assert status == 201
    assert isinstance(new_id, int)
    assert max(LOST_BIDDER, LOST_VISITOR) < new_id < GUESSED_ID
    ready = restored.client.get("/readyz").get_json()
    assert ready["dependencies"]["postgresql"] == "ok"
    wait_until(lambda: _is_admitted(restored.worker), what="the worker that was refused goes on")
    lost_ids = restored.container.guard.lost_ids
    assert lost_ids.has("users", LOST_BIDDER)
    assert lost_ids.has("auctions", LOST_AUCTION)
    assert not lost_ids.has("users", new_id)


def test_a_standby_is_checked_without_a_write(restored: Restored) -> None:
    engine = create_engine(driver_url(restored.settings.database_url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = on")
        database = ConnectedDatabase(connection.connection.driver_connection)
        guard = DatabaseGuard([lambda _: lambda _: None], trusts_others=False)
        guard.admit(database)
        assert guard.epoch == database.epoch()
    engine.dispose()
