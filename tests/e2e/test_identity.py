"""Authentication of a socket (wire.md): tokens, sessions, the limit per user."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import jwt
import pytest
from msgspec import convert

from app.protocol.resources import UserChange
from app.settings import read_settings
from app.web.tokens import key_id
from tests.containers import Container, build_container
from tests.e2e.bidding import watch
from tests.e2e.client import Socket, close_code_of, connect
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Limited
from tests.e2e.lots import create_lot
from tests.e2e.people import PASSWORD, Gateway, Person
from tests.mailbox import Mailbox, token_in

TABS = 10


def close_code_for(gateway: Gateway, token: str) -> int:
    """How a socket ends that gives this token."""
    with gateway.open() as socket:
        socket.send("auth", token=token)
        return socket.wait_closed()


def forged(cluster: Cluster, person: Person, *, key: str | None = None, **changes: Any) -> str:
    """The person's token with other claims or another signature."""
    claims = jwt.decode(person.token, options={"verify_signature": False})
    secret = cluster.stack.credentials.secret_key if key is None else key
    headers = {"kid": key_id(secret)}
    return jwt.encode({**claims, **changes}, secret, algorithm="HS256", headers=headers)


def test_a_token_signed_with_the_right_key_is_accepted(cluster: Cluster, anna: Person) -> None:
    # Otherwise the tests below would pass with any forged token.
    with cluster.gateway.enter(forged(cluster, anna)):
        pass


def test_a_socket_without_auth_is_closed_4401(limited: Limited) -> None:
    with limited.strict.open() as socket:
        assert socket.wait_closed() == 4401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ä" * 100, "x" * 4_096, "x" * 4_097])
def test_a_bad_token_closes_4401(gateway: Gateway, token: str) -> None:
    assert close_code_for(gateway, token) == 4401


def test_a_forged_or_expired_token_closes_4401(cluster: Cluster, anna: Person) -> None:
    claims = jwt.decode(anna.token, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    bad = [
        forged(cluster, anna, key="k" * 40),
        forged(cluster, anna, exp=int(time.time()) - 60),
        forged(cluster, anna, type="refresh"),
        forged(cluster, anna, sid="0" * 32),
        forged(cluster, anna, sub="nobody"),
        unsigned,
        anna.token[:-4] + "AAAA",
        anna.refresh_token,
    ]
    assert [close_code_for(cluster.gateway, token) for token in bad] == [4401] * len(bad)


def test_logging_out_closes_the_sockets_of_that_session_only(gateway: Gateway) -> None:
    person = gateway.sign_up("Leaver")
    with person.enter() as first, person.enter() as second:
        old_token = person.token
        person.log_in()
        with person.enter() as other:
            ended = gateway.http.post(
                "/api/auth/logout", headers={"Authorization": f"Bearer {old_token}"}
            )
            assert ended.status_code == 204
            assert (first.wait_closed(), second.wait_closed()) == (4401, 4401)
            assert other.request("time", client_ms=1)["type"] == "time"
    assert close_code_for(gateway, old_token) == 4401


def test_logging_out_by_the_cookie_alone_closes_the_sockets(gateway: Gateway) -> None:
    person = gateway.sign_up("Cookie")
    token, refresh_token = person.token, person.refresh_token
    with gateway.enter(token) as socket:
        cookie = {"Cookie": f"refresh_token={refresh_token}"}
        assert gateway.http.post("/api/auth/logout", headers=cookie).status_code == 204
        assert socket.wait_closed() == 4401
    assert close_code_for(gateway, token) == 4401


def test_a_new_password_closes_sockets_on_every_gateway(gateway: Gateway, limited: Limited) -> None:
    person = gateway.sign_up("Changer")
    elsewhere = person.token
    body = {"current": PASSWORD, "password": "another password"}
    person.log_in()
    with gateway.enter(elsewhere) as first, person.enter(at=limited.patient) as second:
        began = time.monotonic()
        assert person.request("POST", "/api/me/password", body).status_code == 204
        answered_s = time.monotonic() - began
        assert (first.wait_closed(), second.wait_closed()) == (4401, 4401)
        print(f"answered after {answered_s:.3f} s, closed {time.monotonic() - began:.3f} s")
    assert close_code_for(limited.patient, elsewhere) == 4401


@pytest.fixture(scope="module")
def operator(cluster: Cluster) -> Iterator[Container]:
    container = build_container(read_settings(cluster.stack.environment()), application="tests")
    yield container
    container.engine.dispose()


@pytest.mark.parametrize("way", ["reset", "suspended", "banned"])
def test_reset_suspension_and_ban_close_sockets_on_every_gateway(
    cluster: Cluster, gateway: Gateway, limited: Limited, operator: Container, way: str
) -> None:
    person = gateway.sign_up("Ended")
    if way == "reset":
        gateway.http.post("/api/auth/forgot", json={"email": person.email})
        operator.mails.send_due()
        mails = Mailbox(cluster.stack.addresses()["MAILPIT_URL"], person.email).full_mails(of=2)
        body = {"token": token_in(mails[0]), "password": "another password"}
    with person.enter() as first, person.enter(at=limited.patient) as second:
        began = time.monotonic()
        if way == "reset":
            assert gateway.http.post("/api/auth/reset", json=body).status_code == 204
        else:
            change = convert({"status": way}, UserChange)
            operator.administration.change(person.id, change, by="tests")
        done_s = time.monotonic() - began
        assert (first.wait_closed(), second.wait_closed()) == (4401, 4401)
        print(f"{way}: done after {done_s:.3f} s, closed {time.monotonic() - began:.3f} s")


def test_refreshing_at_once_and_again_closes_no_socket(gateway: Gateway) -> None:
    person = gateway.sign_up("Tabs")
    with gateway.enter(person.token) as socket, ThreadPoolExecutor(TABS) as tabs:
        body = {"refresh_token": person.refresh_token}
        requests = [
            tabs.submit(gateway.http.post, "/api/auth/refresh", json=body) for _ in range(TABS)
        ]
        for answer in requests:
            assert answer.result().status_code == 200
            token = answer.result().json()["access_token"]
            assert socket.request("auth", token=token)["user"]["id"] == person.id


def test_a_socket_ends_with_its_token_unless_that_is_renewed(
    limited: Limited, gateway: Gateway
) -> None:
    person = gateway.sign_up("Renewer")
    lasting = person.token
    short = person.log_in(at=limited.strict)
    with gateway.enter(short) as renewed, gateway.enter(short) as ending:
        welcome = renewed.request("auth", token=lasting)
        assert welcome["type"] == "welcome"
        assert welcome["user"]["id"] == person.id
        assert ending.wait_closed() == 4401
        assert renewed.request("time", client_ms=1)["type"] == "time"
        assert close_code_for(gateway, short) == 4401


def test_another_user_cannot_authenticate_on_a_socket(anna: Person, ben: Person) -> None:
    with anna.enter() as socket:
        socket.send("auth", token=ben.token)
        assert socket.wait_closed() == 4401


def test_a_guest_may_sign_in_on_the_same_socket(gateway: Gateway, anna: Person) -> None:
    with gateway.enter() as socket:
        assert socket.request("auth", token=anna.token)["user"]["id"] == anna.id


def test_a_sixth_socket_closes_the_least_recently_used_one(
    gateway: Gateway, limited: Limited, seller: Person
) -> None:
    person, lot = gateway.sign_up("Many"), create_lot(seller)
    with ExitStack() as sockets:
        here = [sockets.enter_context(person.enter(at=limited.patient)) for _ in range(5)]
        watch(here[0], lot)
        old_socket, living = here[3], here[:3] + here[4:]
        wait_for_presence(here[0])  # gateways send presence to each other
        for socket in living:
            socket.request("time", client_ms=1)
        wait_for_presence(here[0])
        newest = sockets.enter_context(person.enter(at=gateway))
        assert old_socket.wait_closed() == 4409
        for socket in [*living, newest]:
            assert socket.request("time", client_ms=1)["type"] == "time"


def wait_for_presence(socket: Socket) -> None:
    """Wait for two rounds, the first of which may have begun already."""
    pushed_count = len(socket.pushes("auction.presence"))
    socket.wait_for(
        lambda: len(socket.pushes("auction.presence")) > pushed_count + 1,
        what="presence is told twice",
    )


def test_five_dead_sockets_do_not_block_new_ones(gateway: Gateway, limited: Limited) -> None:
    person = gateway.sign_up("Haunted")
    with ExitStack() as sockets:
        # No thread reads these: they answer no ping, and a dead proxy would not close them.
        old_sockets = [
            connect(limited.patient.ws_url, origin=limited.patient.base_url) for _ in range(5)
        ]
        for old_socket in old_sockets:
            old_socket.send(json.dumps({"id": 1, "type": "auth", "token": person.token}))
            assert json.loads(old_socket.recv())["type"] == "welcome"
        living = [sockets.enter_context(person.enter()) for _ in range(5)]
        assert [close_code_of(old_socket) for old_socket in old_sockets] == [4409] * 5
        for socket in living:
            assert socket.request("time", client_ms=1)["type"] == "time"
