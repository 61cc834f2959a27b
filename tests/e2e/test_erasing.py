"""An erased user: no store keeps their name or address."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from redis import Redis

from app.adapters.mongo.messages import make_client
from app.adapters.postgres.queries import rows
from app.protocol.topics import ALL_TOPICS, CHAT_MESSAGE
from app.settings import read_settings
from tests.containers import Container, build_container
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import PASSWORD, Gateway, Person
from tests.kafka_log import ends, records
from tests.operator import Operator
from tests.servers import redis_url
from tests.waiting import wait_until

REDIS_DATABASES = 4
UNAUTHENTICATED = 4401
TABLES = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"""


@pytest.fixture(scope="module")
def container(cluster: Cluster) -> Iterator[Container]:
    container = build_container(read_settings(cluster.stack.environment()), application="tests")
    yield container
    container.engine.dispose()


@pytest.fixture
def person(gateway: Gateway) -> Person:
    """A user with a unique name."""
    return gateway.sign_up(f"Erase {uuid4().hex[:12]}")


def test_no_store_keeps_data_of_an_erased_user(
    cluster: Cluster, gateway: Gateway, seller: Person, container: Container, person: Person
) -> None:
    before = {topic.name: ends(container.settings, topic.name) for topic in ALL_TOPICS}
    new = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    person.call("PUT", "/api/me/email", new)
    words = (person.nickname, person.email, new["email"])
    lot = create_lot(seller, starting_price=10_000)
    room = person.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot["id"]})
    person.call("POST", f"/api/rooms/{room['id']}/join")
    seller.call("POST", f"/api/rooms/{room['id']}/join")
    history = f"/api/rooms/{room['id']}/messages"
    with person.enter() as socket, seller.enter() as other:
        other.request("subscribe", channel=f"room:{room['id']}")
        receipt = socket.request("chat.send", room_id=room["id"], text="hello", key="k")
        assert receipt["type"] == "chat.received", receipt
        pushed = other.push("chat.message", message_id=receipt["message_id"])
        assert pushed["sender"] == {"id": person.id, "nickname": person.nickname}
        wait_until(lambda: seller.call("GET", history)["items"], what="it is stored")
        wrong = person.request("DELETE", "/api/me", {"password": "not the password"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "INVALID")
        assert found_in(cluster, container, words, before) == {"postgresql"}
        erased = person.request("DELETE", "/api/me", {"password": PASSWORD})
        assert erased.status_code == 204, erased.text
        assert socket.wait_closed() == UNAUTHENTICATED
    assert found_in(cluster, container, words, before) == set()
    body = {"email": person.email, "password": PASSWORD}
    assert gateway.http.post("/api/auth/login", json=body).status_code == 401
    (message,) = seller.call("GET", history)["items"]
    assert message["text"] == "hello"
    again = {**body, "nickname": "another", "language": "en"}
    assert gateway.http.post("/api/auth/signup", json=again).status_code == 201


def test_a_leading_bidder_is_erased_only_after_the_auction(
    cluster: Cluster,
    gateway: Gateway,
    seller: Person,
    ben: Person,
    container: Container,
    person: Person,
) -> None:
    lot = create_lot(seller, starting_price=10_000)
    with person.enter() as socket:
        socket.request("bid.place", auction_id=lot["id"], amount=10_000, key="k")
        assert socket.push("bid.result", key="k")["standing"] == "leading"
    refused = person.request("DELETE", "/api/me", {"password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (409, "LEADING")
    assert person.call("GET", "/api/me")["user"]["email"] == person.email
    operator = Operator(cluster.stack, container)
    result = operator.run("app.admin", "erase", person.email)
    assert (result.returncode, "LEADING" in result.stderr or "leads" in result.stderr) == (2, True)
    with ben.enter() as socket:
        socket.request("bid.place", auction_id=lot["id"], amount=20_000, key="k")
        assert socket.push("bid.result", key="k")["standing"] == "leading"
    result = operator.run("app.admin", "erase", str(person.id))
    assert result.returncode == 0, result.stderr
    assert gateway.http.get(f"/api/auctions/{lot['id']}/bids").json()["items"][0]["alias"] == 1
    assert operator.run("app.admin", "erase", str(person.id)).returncode == 2


def found_in(
    cluster: Cluster,
    container: Container,
    words: tuple[str, ...],
    before: dict[str, dict[int, int]],
) -> set[str]:
    """The stores that have one of a person's names or addresses somewhere."""
    texts = {
        "postgresql": postgresql_texts(container, words),
        "mongodb": mongodb_texts(container),
        "redis": redis_texts(),
        "kafka": kafka_texts(container, before),
        "logs": (file.read_text("utf-8", "replace") for file in log_files(cluster)),
    }
    return {store for store, lines in texts.items() if any(w in t for t in lines for w in words)}


def postgresql_texts(container: Container, words: tuple[str, ...]) -> Iterator[str]:
    for table in rows(container.engine, TABLES, {}):
        query = f"SELECT t::text AS line FROM {table.name} t WHERE t::text LIKE ANY(%(words)s)"  # noqa: S608
        found = rows(container.engine, query, {"words": [f"%{word}%" for word in words]})
        yield from (row.line for row in found)


def mongodb_texts(container: Container) -> Iterator[str]:
    with make_client(
        container.settings.mongodb_url, limits=container.settings.limits, name="tests"
    ) as client:
        database = client.get_default_database()
        for collection in database.list_collection_names():
            yield from (str(document) for document in database[collection].find())


def redis_texts() -> Iterator[str]:
    for database in range(REDIS_DATABASES):
        with Redis.from_url(redis_url(database)) as redis:
            for key in redis.scan_iter(count=1_000):
                yield str((key, value_of(redis, key)))


def value_of(redis: "Redis", key: bytes) -> object:
    """The value of a key of any type."""
    read: dict[str, Callable[[], object]] = {
        "string": lambda: redis.get(key),
        "hash": lambda: redis.hgetall(key),
        "set": lambda: redis.smembers(key),
        "zset": lambda: redis.zrange(key, 0, -1),
        "list": lambda: redis.lrange(key, 0, -1),
    }
    kind = cast("bytes", redis.type(key)).decode()
    return read[kind]() if kind in read else None  # gone meanwhile


def kafka_texts(container: Container, before: dict[str, dict[int, int]]) -> Iterator[str]:
    for topic in ALL_TOPICS:
        for record in records(container.settings, topic.name, before[topic.name]):
            yield str((record.key, record.value, record.headers))
    assert records(container.settings, CHAT_MESSAGE.name, before[CHAT_MESSAGE.name])


def log_files(cluster: Cluster) -> list[Path]:
    """Return the log files of every process."""
    return list(cluster.stack.places.logs_dir.glob("*.log"))
