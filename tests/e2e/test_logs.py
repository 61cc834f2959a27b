"""No log of any process has user input, and only their owner can read log files."""

import json
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from websocket import WebSocketBadStatusException

from app.adapters.postgres.engine import make_engine
from app.settings import Limits
from tests.e2e.bidding import place
from tests.e2e.client import connect
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import PASSWORD, Gateway, Person

MARK = f"mark{uuid4().hex[:20]}"
HASH = "$argon2id$"
USER = "INSERT INTO users (email, nickname, password_hash)"
PRODUCT = "INSERT INTO products (seller_id, name, description, sale_type)"
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "unique": (f"{USER} VALUES (%(mark)s, 'n', %(hash)s), (%(mark)s, 'n', %(hash)s)", {}),
    "not null": (f"{USER} VALUES (%(mark)s, NULL, %(hash)s)", {}),
    "check": ("INSERT INTO users (email, nickname, role) VALUES (%(mark)s, %(hash)s, 'king')", {}),
    "foreign key": (f"{PRODUCT} VALUES (9223372036854775807, %(mark)s, %(hash)s, 'auction')", {}),
    "no such column": ("SELECT nothing FROM users WHERE email = %(mark)s", {}),
    "a broken statement": ("SELECT %(mark)s %(hash)s FROM", {}),
    "no number": ("SELECT CAST(%(hash)s AS bigint) WHERE %(mark)s IS NOT NULL", {}),
    "too slow": ("SELECT pg_sleep(30), %(mark)s, %(hash)s", {"statement_timeout_ms": 200}),
}  # fmt: skip


@pytest.fixture
def engine(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Engine]:
    limits = Limits(**getattr(request, "param", {}))
    url = cluster.stack.addresses()["DATABASE_URL"]
    engine = make_engine(url, application="tests", limits=limits)
    yield engine
    engine.dispose()


def logs(cluster: Cluster) -> list[Path]:
    """The log of every process there is or was, and of the supervisor."""
    places = cluster.stack.places
    found = [*places.logs_dir.iterdir(), *places.run_dir.glob("*.log*")]
    assert any(file.name.startswith("postgresql") and file.stat().st_size for file in found)
    return found


def found_in_logs(cluster: Cluster, *texts: str) -> list[str]:
    """Which text is in which log, and how often."""
    found = [
        (file.name, text, file.read_text(errors="replace").count(text))
        for file in logs(cluster)
        for text in texts
    ]
    return [f"{number} x {text} in {name}" for name, text, number in found if number]


def test_a_taken_address_is_not_logged(cluster: Cluster, gateway: Gateway) -> None:
    email = f"{MARK}@example.org"
    body = {"email": email, "password": PASSWORD, "nickname": MARK}

    def sign_up(address: str) -> int:
        return gateway.http.post("/api/auth/signup", json={**body, "email": address}).status_code

    hashes = found_in_logs(cluster, HASH)  # of earlier runs
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(sign_up, [email, email.upper(), email, email.upper()]))
    assert sorted(statuses) == [201, 409, 409, 409]
    assert sign_up(email) == 409
    assert found_in_logs(cluster, MARK, MARK.upper(), PASSWORD) == []
    assert found_in_logs(cluster, HASH) == hashes


def test_a_product_already_for_sale_is_no_database_error(cluster: Cluster, seller: Person) -> None:
    lot = create_lot(seller)
    body = {"product_id": lot["product"]["id"], "starting_price": 1, "ends_at": lot["ends_at"]}
    before = found_in_logs(cluster, "uq_auctions_live_product")
    answer = seller.request("POST", "/api/auctions", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "AUCTION_EXISTS")
    assert found_in_logs(cluster, "uq_auctions_live_product") == before


@pytest.mark.parametrize(
    ("statement", "engine"), FAULTS.values(), ids=FAULTS.keys(), indirect=["engine"]
)
def test_the_error_of_a_statement_has_none_of_its_values(
    cluster: Cluster, engine: Engine, statement: str
) -> None:
    values = {"mark": MARK, "hash": HASH + MARK}
    with pytest.raises(DBAPIError) as fault, engine.begin() as connection:
        connection.exec_driver_sql(statement, values)
    logged = "".join(traceback.format_exception(fault.value))
    assert MARK not in logged
    assert type(fault.value.orig).__name__ in logged, "the kind of the fault is told"
    assert found_in_logs(cluster, MARK) == []


@pytest.mark.parametrize("engine", [{"statement_timeout_ms": 60_000}], indirect=True)
def test_the_log_of_a_slow_statement_has_none_of_its_values(
    cluster: Cluster, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(1.2), %(mark)s", {"mark": MARK})
    assert found_in_logs(cluster, MARK) == []


def test_each_receipt_is_one_line_however_few_steps_are_logged(
    cluster: Cluster, seller: Person, anna: Person
) -> None:
    lot = create_lot(seller)
    few = {"BID_LOG_STEPS_PER_S": "0", "BID_LOG_EVERY": "1000000"}
    with cluster.another_gateway("gateway-receipts", **few) as gateway:
        with anna.enter(at=gateway) as socket:
            receipts = [place(socket, lot, 5_000 + n) for n in range(20)]
        path, headers = f"/api/auctions/{lot['id']}/bids", {"Idempotency-Key": uuid4().hex}
        headers["Authorization"] = f"Bearer {anna.token}"
        answer = gateway.http.post(path, json={"amount": 9_000}, headers=headers)
        receipts.append(answer.json())
    logged = [line for line in lines_of(cluster, gateway.name) if line.get("event") == "receipt"]
    shown = ("bid_id", "auction_id", "partition", "offset", "log_time")
    assert [[line[name] for name in shown] for line in logged] == [
        [receipt[name] for name in shown] for receipt in receipts
    ]
    assert {line["bidder_id"] for line in logged} == {anna.id}
    assert "amount" not in logged[0]


def test_the_security_log_has_log_ins_and_refusals_no_secrets(
    cluster: Cluster, tmp_path: Path
) -> None:
    file, address = tmp_path / "security.log", "198.51.100.7"
    changes = {
        "SECURITY_LOG_TO": str(file), "TRUST_LOOPBACK": "0", "TRUSTED_PROXIES": "1",
        "LOGINS_PER_MINUTE": "4",
    }  # fmt: skip
    with cluster.another_gateway("gateway-security", **changes) as gateway:
        gateway.http.headers["X-Forwarded-For"] = address
        person = gateway.sign_up("Watched")
        wrong = {"email": person.email, "password": MARK}
        statuses = [gateway.http.post("/api/auth/login", json=wrong).status_code for _ in range(5)]
        first, tokens = person.refresh_token, [person.refresh_token]
        for _ in range(2):
            tokens.append(refreshed(gateway, tokens[-1]).json()["refresh_token"])
        assert refreshed(gateway, first).json()["code"] == "TOKEN_REUSED"
        person.log_in(at=cluster.gateway)
        signed_in = {"Authorization": f"Bearer {person.token}"}
        assert gateway.http.post("/api/auth/logout", headers=signed_in).status_code == 204
        with pytest.raises(WebSocketBadStatusException):
            connect(gateway.ws_url, origin="http://evil.example")
    assert statuses == [401, 401, 401, 429, 429]
    logged = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["event"], line.get("user_id")) for line in logged] == [
        ("signed_up", person.id), ("logged_in", person.id), *[("log_in_failed", person.id)] * 3,
        ("rate_limited", None), ("token_reused", person.id), ("logged_out", person.id),
        ("origin_refused", None),
    ]  # fmt: skip
    assert {(line["stream"], line["address"]) for line in logged[:-1]} == {("security", address)}
    secrets = (person.email, PASSWORD, MARK, person.token, *tokens, first.partition(".")[0])
    assert [secret for secret in secrets if secret in file.read_text()] == []


def refreshed(gateway: Gateway, token: str) -> httpx.Response:
    return gateway.http.post("/api/auth/refresh", json={"refresh_token": token})


def lines_of(cluster: Cluster, process: str) -> list[dict[str, Any]]:
    text = cluster.stack.control.log_file(process).read_text(errors="replace")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_logs_and_secrets_are_their_owners_alone(cluster: Cluster) -> None:
    places = cluster.stack.places
    for directory in (places.logs_dir, places.programs_dir):
        assert directory.stat().st_mode & 0o077 == 0
    open_to_others = [file.name for file in logs(cluster) if file.stat().st_mode & 0o077]
    assert open_to_others == []
