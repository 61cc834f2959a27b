"""No log of any process carries what people typed, whatever went wrong, and all are the owner's."""

import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from app.adapters.postgres.engine import make_engine
from app.settings import Limits
from tests.e2e.house import House
from tests.e2e.lots import put_up
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
def engine(house: House, request: pytest.FixtureRequest) -> Iterator[Engine]:
    limits = Limits(**getattr(request, "param", {}))
    url = house.stack.addresses()["DATABASE_URL"]
    engine = make_engine(url, application="tests", limits=limits)
    yield engine
    engine.dispose()


def logs(house: House) -> list[Path]:
    """The log of every process there is or was, and of the supervisor."""
    places = house.stack.places
    found = [*places.logs_dir.iterdir(), *places.run_dir.glob("*.log*")]
    assert any(file.name.startswith("postgresql") and file.stat().st_size for file in found)
    return found


def found_in_logs(house: House, *texts: str) -> list[str]:
    """Which text is in which log, and how often."""
    found = [
        (file.name, text, file.read_text(errors="replace").count(text))
        for file in logs(house)
        for text in texts
    ]
    return [f"{number} x {text} in {name}" for name, text, number in found if number]


def test_a_taken_address_is_written_nowhere(house: House, gateway: Gateway) -> None:
    email = f"{MARK}@example.org"
    body = {"email": email, "password": PASSWORD, "nickname": MARK}

    def sign_up(address: str) -> int:
        return gateway.http.post("/api/auth/signup", json={**body, "email": address}).status_code

    hashes = found_in_logs(house, HASH)  # of what was run here before
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(sign_up, [email, email.upper(), email, email.upper()]))
    assert sorted(statuses) == [201, 409, 409, 409]
    assert sign_up(email) == 409
    assert found_in_logs(house, MARK, MARK.upper(), PASSWORD) == []
    assert found_in_logs(house, HASH) == hashes


def test_a_product_that_is_up_already_is_no_fault_of_the_database(
    house: House, seller: Person
) -> None:
    lot = put_up(seller)
    body = {"product_id": lot["product"]["id"], "starting_price": 1, "ends_at": lot["ends_at"]}
    before = found_in_logs(house, "uq_auctions_live_product")
    answer = seller.request("POST", "/api/auctions", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "AUCTION_EXISTS")
    assert found_in_logs(house, "uq_auctions_live_product") == before


@pytest.mark.parametrize(
    ("statement", "engine"), FAULTS.values(), ids=FAULTS.keys(), indirect=["engine"]
)
def test_a_fault_of_a_statement_tells_none_of_its_values(
    house: House, engine: Engine, statement: str
) -> None:
    values = {"mark": MARK, "hash": HASH + MARK}
    with pytest.raises(DBAPIError) as fault, engine.begin() as connection:
        connection.exec_driver_sql(statement, values)
    told = "".join(traceback.format_exception(fault.value))
    assert MARK not in told
    assert type(fault.value.orig).__name__ in told, "the kind of the fault is told"
    assert found_in_logs(house, MARK) == []


@pytest.mark.parametrize("engine", [{"statement_timeout_ms": 60_000}], indirect=True)
def test_a_slow_statement_tells_none_of_its_values(house: House, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(1.2), %(mark)s", {"mark": MARK})
    assert found_in_logs(house, MARK) == []


def test_logs_and_secrets_are_their_owners_alone(house: House) -> None:
    places = house.stack.places
    for directory in (places.logs_dir, places.programs_dir):
        assert directory.stat().st_mode & 0o077 == 0
    open_to_others = [file.name for file in logs(house) if file.stat().st_mode & 0o077]
    assert open_to_others == []
