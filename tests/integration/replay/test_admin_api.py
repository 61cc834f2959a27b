"""The admin API lists and replays dead letters as the command does, for admins alone."""

import json
from typing import Any

import pytest

from app.adapters.postgres import schema
from app.web.app import create_app
from tests.containers import Container
from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market, Person, code, faults
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.integration.replay.cases import dead_letters, failed, replays, unreadable
from tests.operator import Operator
from tests.waiting import wait_until

LIST, REPLAY = "/api/admin/dead-letters", "/api/admin/dead-letters/replay"


@pytest.fixture(scope="module")
def market(container: Container) -> Market:
    return Market(create_app(container).test_client(), container.engine)


@pytest.fixture(scope="module")
def admin(market: Market, operator: Operator) -> Person:
    account = market.sign_up("chief")
    made = operator.run("app.admin", "grant", account["email"].upper(), "admin")
    assert made.returncode == 0, made.stderr
    event = json.loads(made.stderr)
    assert (event["stream"], event["event"], event["role"]) == ("security", "role_changed", "admin")
    assert account["email"] not in made.stderr.lower()
    return market.log_in(account)


@pytest.fixture(scope="module")
def lot(cluster: LaneCluster) -> Lot:
    """A lot with a failed bid and an undecodable record."""
    lot = cluster.auction(lasts_s=3_600)
    failed(cluster, lot, [2_000])
    unreadable(cluster, lot)
    return lot


def test_the_list_has_a_cursor_and_filters(
    cluster: LaneCluster, market: Market, admin: Person, lot: Lot
) -> None:
    bid, garbage = dead_letters(cluster, lot)
    of_lot = {"auction": str(lot.auction_id)}
    found = market.items(LIST, admin, limit=1, **of_lot)
    assert [item["id"] for item in found] == [garbage.id, bid.id]
    assert found[0] | {"payload": "fffe", "payload_encoding": "hex", "trace_id": None} == found[0]
    assert found[1] | {"reason": "HandlerError", "attempts": 3, "replayed": []} == found[1]
    for filters in ({"reason": "HandlerError"}, {"id": bid.trace_id}, {"id": str(bid.id)}):
        assert [item["id"] for item in market.items(LIST, admin, **of_lot, **filters)] == [bid.id]
    assert market.items(LIST, admin, **of_lot, topic="chat-message") == []
    assert market.items(LIST, admin, id="0" * 32) == []


def test_a_replay_reports_what_was_done_with_each_dead_letter(
    cluster: LaneCluster, market: Market, admin: Person
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    first, second = failed(cluster, lot, [2_000, 3_000])

    def replay_request(**body: Any) -> Any:
        answer = market.call("POST", REPLAY, admin, {"auction": str(lot.auction_id), **body})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    planned = replay_request(dry_run=True)
    assert [item["result"] for item in planned["items"]] == ["would_replay"] * 2
    assert (planned["more"], replays(cluster, lot)) == (False, [])

    done = replay_request(limit=1)
    assert [(item["id"], item["result"]) for item in done["items"]] == [(first.id, "replayed")]
    assert done["more"]
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="the first bid is accepted")
    assert [row.requested_by for row in replays(cluster, lot)] == [f"user:{admin.id}"]

    second_page = replay_request(ids=[first.id, second.trace_id])
    assert [(item["id"], item["code"]) for item in second_page["items"]] == [
        (first.id, "SETTLED"),
        (second.id, None),
    ]
    assert not second_page["more"]
    wait_until(lambda: cluster.state(lot).bid_count == 2, what="the second bid is accepted")


def test_guests_and_users_are_forbidden_before_validation(market: Market, lot: Lot) -> None:
    user = market.person("user")
    for method, path in (("GET", LIST), ("POST", REPLAY)):
        for body in (None, b"{", b"{}"):
            answer = market.call(method, path, None, body)
            assert code(answer) == (401, "UNAUTHENTICATED")
            assert code(market.call(method, path, user, body)) == (403, "FORBIDDEN")
    assert code(market.call("GET", LIST, user, query_string={"x": 1})) == (403, "FORBIDDEN")


def test_a_revoked_role_ends_at_once(market: Market, operator: Operator) -> None:
    account = market.sign_up("short")
    assert operator.run("app.admin", "grant", account["email"], "admin").returncode == 0
    admin = market.log_in(account)
    assert market.call("GET", LIST, admin).status_code == 200
    assert operator.run("app.admin", "grant", str(admin.id), "user").returncode == 0
    assert code(market.call("GET", LIST, admin)) == (401, "UNAUTHENTICATED")
    assert code(market.call("GET", LIST, market.log_in(account))) == (403, "FORBIDDEN")
    unknown_user = operator.run("app.admin", "ban", "nobody@example.org")
    assert (unknown_user.returncode, unknown_user.stderr.count("\n")) == (2, 1)
    assert "nobody@example.org" in unknown_user.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "101"), ("limit", "x"), ("cursor", ""), ("cursor", "x"),
        ("cursor", "WyJuZXdlc3QiLC0xLDFd"), ("id", ""), ("id", "a b"), ("id", "a" * 65),
        ("id", "\0"), ("auction", ""), ("auction", "\0"), ("auction", "a" * 250),
        ("reason", ""), ("reason", "Bad"), ("reason", "\0"), ("topic", ""), ("topic", "x"),
        ("since", ""), ("since", "null"), ("since", "2026-11-27"), ("since", "1"),
        ("until", "2026-11-27T12:00:00"), ("until", "x"), ("unknown", "1"), ("key", "1"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_named(market: Market, admin: Person, name: str, value: str) -> None:
    answer = market.call("GET", LIST, admin, query_string={name: value})
    assert faults(answer) == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ids", []), ("ids", None), ("ids", 1), ("ids", [0]), ("ids", [True]), ("ids", [1.5]),
        ("ids", ["a b"]), ("ids", [[1]]), ("ids", [2**63]), ("ids", [1] * 101), ("limit", 0),
        ("limit", 101), ("limit", None), ("limit", "1"), ("force", 1), ("force", None),
        ("dry_run", "true"), ("reason", "Bad"), ("reason", None), ("topic", "x"), ("auction", 1),
        ("auction", ""), ("since", "x"), ("since", 1), ("until", None), ("id", 1), ("cursor", "x"),
    ],
)  # fmt: skip
def test_a_wrong_body_is_named_and_replays_nothing(
    cluster: LaneCluster, market: Market, admin: Person, lot: Lot, name: str, value: Any
) -> None:
    before = [row.replays for row in dead_letters(cluster, lot)]
    body = {"auction": str(lot.auction_id), name: value}
    assert faults(market.call("POST", REPLAY, admin, body)) == {name}
    assert [row.replays for row in dead_letters(cluster, lot)] == before


def test_an_unknown_id_is_not_found_and_replays_nothing(
    cluster: LaneCluster, market: Market, admin: Person, lot: Lot
) -> None:
    known = dead_letters(cluster, lot)[0].id
    answer = market.call("POST", REPLAY, admin, {"ids": [known, 2**62]})
    assert code(answer) == (404, "NOT_FOUND")
    assert str(2**62) in answer.get_json()["detail"]
    assert dead_letters(cluster, lot)[0].replays == 0


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{", b"\xff", json.dumps("x").encode()])
def test_a_body_that_is_no_object_is_malformed(market: Market, admin: Person, data: bytes) -> None:
    assert code(market.call("POST", REPLAY, admin, data)) == (400, "MALFORMED")


def test_without_the_log_it_is_busy_and_nothing_is_claimed(
    cluster: LaneCluster, admin: Person, lot: Lot
) -> None:
    with (
        refused_address() as address,
        application(cluster.stack.environment(), KAFKA_BOOTSTRAP_SERVERS=address) as client,
    ):
        other_market = Market(client, cluster.container.engine)
        answer = other_market.call("POST", REPLAY, admin, {"auction": str(lot.auction_id)})
        assert code(answer) == (503, "BUSY")
        planned = other_market.call(
            "POST", REPLAY, admin, {"auction": str(lot.auction_id), "dry_run": True}
        )
        assert planned.status_code == 200
    assert [row.replays for row in dead_letters(cluster, lot)] == [0, 0]
    assert len(cluster.rows(schema.bids, lot)) == 1
