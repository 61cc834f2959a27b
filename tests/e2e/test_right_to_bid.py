"""Limits, blocks and voids as bidders, sellers and admins meet them (rule 20)."""

from collections.abc import Iterator

import pytest

from app.domain.errors import ForbiddenError
from app.protocol.resources import UserChange
from app.settings import read_settings
from stack.websocket_client import Frame
from tests.containers import Container, build_container
from tests.e2e.bidding import bid, channel_of, place, refusal, watch
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Limited
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.operator import Operator
from tests.waiting import wait_until

FUTILE_MAX = 4


@pytest.fixture(scope="module")
def container(cluster: Cluster) -> Iterator[Container]:
    """The services of an operator's process."""
    container = build_container(read_settings(cluster.stack.environment()), application="tests")
    yield container
    container.engine.dispose()


@pytest.fixture(scope="module")
def admin(gateway: Gateway, container: Container) -> Person:
    person = gateway.sign_up("Chief")
    container.administration.change(person.id, UserChange(role="admin"), by="tests")
    person.log_in()
    return person


def test_a_new_limit_reaches_every_gateway_and_keeps_the_lead(
    gateway: Gateway, limited: Limited, seller: Person, admin: Person
) -> None:
    lot, ivy = create_lot(seller), gateway.sign_up("Ivy")
    with ivy.enter() as here, ivy.enter(limited.patient) as there:
        assert bid(here, lot, 4_000, kind="max").outcome["standing"] == "leading"
        assert bid(there, lot, 4_100, kind="max").outcome["standing"] == "leading"
        change = {"bid_limits": {"KRW": 3_000}}
        changed = admin.call("PATCH", f"/api/admin/users/{ivy.id}", change)
        assert changed["bid_limits"] == {"KRW": 3_000}
        for socket in (here, there):
            wait_until(
                lambda socket=socket: refusal(socket, lot, 3_001) == "OVER_LIMIT",  # type: ignore[misc]
                what="the gateway has heard of the limit",
            )
    shown = ivy.call("GET", f"/api/auctions/{lot['id']}")
    assert shown["mine"] | {"watching": False, "alias": 1} == {
        "standing": "leading", "alias": 1, "maximum": 4_100, "watching": False, "limit": 3_000,
        "blocked": False,
    }  # fmt: skip


def test_a_blocked_bidder_cannot_bid_until_unblocked(
    gateway: Gateway, limited: Limited, seller: Person, anna: Person
) -> None:
    lot, other, kim = create_lot(seller), create_lot(anna), gateway.sign_up("Kim")
    path = f"/api/me/blocks/{kim.id}"
    with kim.enter(limited.patient) as socket:
        assert bid(socket, lot, 1_000).outcome["standing"] == "leading"
        seller.call("PUT", path)
        wait_until(lambda: refusal(socket, lot, 1_000) == "BLOCKED", what="the block is heard of")
        assert bid(socket, other, 1_000).outcome["standing"] == "leading"
        assert [one["user"]["id"] for one in seller.call("GET", "/api/me/blocks")["items"]] == [
            kim.id
        ]
        assert kim.call("GET", f"/api/auctions/{lot['id']}")["mine"]["blocked"] is True
        seller.call("DELETE", path)
        wait_until(
            lambda: bid(socket, lot, 2_000).outcome["code"] != "BLOCKED",
            what="the end of the block is heard of",
        )


def test_a_void_restores_the_lead_and_is_pushed_to_all(
    gateway: Gateway, seller: Person, anna: Person, admin: Person
) -> None:
    lot, rich = create_lot(seller), gateway.sign_up("Rich")
    with anna.enter() as ours, rich.enter() as theirs, gateway.enter() as guest:
        watch(guest, lot)
        assert bid(ours, lot, 5_000, kind="max").outcome["standing"] == "leading"
        assert bid(theirs, lot, 10**12, confirm=True).outcome["standing"] == "leading"
        shown = admin.call(*void_of(lot, rich))
        assert (shown["price"], shown["leader"], shown["voided"]) == (1_000, {"alias": 1}, [2])
        state = guest.push("auction.state", channel=channel_of(lot), price=1_000, voided=[2])
        assert (state["leader"], state["version"]) == ({"alias": 1}, shown["version"])
        assert theirs.push("notice", kind="voided")["params"]["reason"] == "never pays"
        assert ours.push("notice", kind="leading")["params"]["price"] == 1_000
        assert refusal(theirs, lot, 6_000) == "BLOCKED"
    history = anna.call("GET", f"/api/auctions/{lot['id']}/bids")["items"]
    assert [(row["alias"], row.get("voided", False)) for row in history] == [(1, False), (2, True)]


def void_of(lot: Frame, person: Person) -> tuple[str, str, Frame]:
    body = {"bidder_id": person.id, "reason": "never pays"}
    return "POST", f"/api/admin/auctions/{lot['id']}/void", body


def test_a_void_is_refused_to_others_twice_and_of_what_has_ended(
    seller: Person, anna: Person, admin: Person
) -> None:
    lot = create_lot(seller)
    assert code(seller, *void_of(lot, anna)) == (403, "FORBIDDEN")
    admin.call(*void_of(lot, anna))
    assert code(admin, *void_of(lot, anna)) == (409, "ALREADY_VOIDED")
    upcoming = create_lot(seller, starts_in_s=600)
    assert code(admin, *void_of(upcoming, anna)) == (409, "NOT_STARTED")
    seller.call("POST", f"/api/auctions/{lot['id']}/cancel", {"reason": "broken"})
    assert code(admin, *void_of(lot, seller)) == (409, "CLOSED")
    method, path, body = void_of(lot, anna)
    assert code(admin, method, path, {**body, "bidder_id": 9**9}) == (404, "NOT_FOUND")


def test_operators_limit_and_void_by_commands(
    cluster: Cluster, gateway: Gateway, container: Container, seller: Person, admin: Person
) -> None:
    operator, lot, joe = (
        Operator(cluster.stack, container),
        create_lot(seller),
        gateway.sign_up("Joe"),
    )
    with joe.enter() as socket:
        assert bid(socket, lot, 2_000).outcome["standing"] == "leading"
        limited = operator.run("app.admin", "limit", joe.email, "KRW", "3000")
        assert limited.stdout == f"user {joe.id} may bid up to 3000 KRW from the next bid on\n"
        wait_until(lambda: refusal(socket, lot, 3_001) == "OVER_LIMIT", what="the limit is heard")
        answers = ("--by", admin.email, "--reason", "never pays")
        voided = operator.run("app.admin", "void", str(joe.id), str(lot["id"]), *answers)
        assert voided.stdout == f"auction {lot['id']} is at 1000 KRW without user {joe.id}\n"
        assert socket.push("notice", kind="voided")["params"]["reason"] == "never pays"
    with pytest.raises(ForbiddenError, match="is no admin"):
        container.administration.find_admin(seller.email)


def code(person: Person, method: str, path: str, body: Frame) -> tuple[int, str]:
    answer = person.request(method, path, body)
    return answer.status_code, answer.json()["code"]


def test_futile_bids_and_unverified_users_are_refused_early(
    cluster: Cluster, seller: Person, container: Container
) -> None:
    """One gateway for both: it requires a proved address, and accepts few futile bids."""
    settings = {"FUTILE_BIDS_PER_MINUTE": str(FUTILE_MAX), "BID_NEEDS_PROVED_EMAIL": "1"}
    with cluster.another_gateway("gateway-wary", **settings) as wary:
        lot, lea = create_lot(seller), wary.sign_up("Lea")
        with lea.enter() as socket:
            refused = place(socket, lot, 2_000)
            assert (refused["code"], refused["detail"]) == (
                "FORBIDDEN", "prove your e-mail address before your first bid",
            )  # fmt: skip
            with container.engine.begin() as connection:
                prove = "UPDATE users SET email_proved_at = now() WHERE id = %s"
                connection.exec_driver_sql(prove, (lea.id,))
            assert bid(socket, lot, 2_000).outcome["standing"] == "leading"
            codes = [refusal(socket, lot, 1_000) for _ in range(FUTILE_MAX - 1)]
            assert set(codes) == {"NOT_ABOVE_OWN_MAXIMUM"}
            frame = {"auction_id": lot["id"], "amount": 1_000, "key": "one-more"}
            limited = socket.request("bid.place", **frame)
            assert (limited["code"], limited["retry"]) == ("RATE_LIMITED", True)
            other = create_lot(seller)
            assert bid(socket, other, 1_000).outcome["standing"] == "leading"
            with lea.enter(cluster.gateway) as elsewhere:  # which takes any number
                for _ in range(FUTILE_MAX):
                    key = bid(elsewhere, other, 1_000).key
                    socket.push("bid.result", key=key, code="NOT_ABOVE_OWN_MAXIMUM")
            frame["auction_id"] = other["id"]
            assert socket.request("bid.place", **frame)["code"] == "RATE_LIMITED"
