"""A frozen store: it accepts connections and does not answer.

Measured times are compared with the time limit of a store call, not with a number of seconds.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import httpx
import pytest

from app.settings import Limits
from app.web.health import CHECK_TIMEOUT_S, NOT_FOR_BIDS
from stack.websocket_client import Frame
from tests import freezing
from tests.e2e.bidding import bid, place
from tests.e2e.client import Socket
from tests.e2e.cluster import Cluster
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.waiting import wait_until

BOUND_S = Limits().store_timeout_s
SOON_S = 2 * BOUND_S  # one call of a store that is given up, on a machine with other loads
FROZEN_S = 8 * BOUND_S  # many times a call's bound: an open breaker answers at once
STORES = ("mongodb", "redis", "postgresql")
# By store, what depends on it as `/readyz` calls it.
READINESS = {
    "mongodb": ("mongodb",),
    "redis": ("redis_fanout", "redis_auth"),
    "postgresql": ("postgresql",),
    "kafka": ("kafka",),
}


@contextmanager
def frozen(cluster: Cluster, server: str) -> Iterator[None]:
    """The server's processes stopped; when this is left they go on, and the house's own gateway,
    which looks at its database once a second, has seen it."""
    with freezing.frozen(cluster.stack.control.pid(server)):
        yield
    wait_until(
        lambda: not cluster.gateway.http.get("/readyz").json()["degraded"],
        what=f"the house is well after {server} was frozen",
    )


@pytest.fixture
def lot(seller: Person) -> Frame:
    """An open auction."""
    return create_lot(seller)


@pytest.fixture
def rooms(seller: Person, anna: Person) -> list[Frame]:
    """Rooms that Anna has joined."""
    rooms = []
    for _ in range(3):
        auction_id = create_lot(seller)["id"]
        rooms.append(anna.call("POST", "/api/rooms", {"type": "auction", "auction_id": auction_id}))
        anna.call("POST", f"/api/rooms/{rooms[-1]['id']}/join")
    return rooms


@pytest.fixture(scope="module")
def alone(cluster: Cluster) -> Iterator[Gateway]:
    """A gateway of one process, with limits per address, and pings every second."""
    changes = {"TRUST_LOOPBACK": "0", "PING_S": "1", "PONG_TIMEOUT_S": "1"}
    with cluster.another_gateway("gateway-frozen", **changes) as gateway:
        yield gateway


def send_bid(socket: Socket, lot: Frame, amount: int) -> int:
    return socket.send("bid.place", auction_id=lot["id"], amount=amount, key=uuid4().hex)


def in_order(socket: Socket, sent: Sequence[int]) -> list[int]:
    """Those of the frames sent that have been answered, in the order of their answers."""
    return [frame["re"] for frame in list(socket.frames) if frame.get("re") in sent]


def subscribe(socket: Socket, room: Frame) -> int:
    return socket.send("subscribe", channel=f"room:{room['id']}")


def test_bids_and_time_are_answered_while_mongodb_is_frozen(
    cluster: Cluster, alone: Gateway, anna: Person, lot: Frame, rooms: Sequence[Frame]
) -> None:
    with anna.enter(at=alone) as socket:
        bid(socket, lot, 2_000)
        with frozen(cluster, "mongodb"):
            slow = [subscribe(socket, room) for room in rooms]
            quick = [send_bid(socket, lot, 3_000), socket.send("time", client_ms=1)]
            answers = [socket.answer(frame_id) for frame_id in quick]
            assert [answer["type"] for answer in answers] == ["bid.received", "time"]
            assert in_order(socket, slow) == [], "chat was not waited for"
            refused = [socket.answer(frame_id) for frame_id in slow]
            assert [(answer["code"], answer["retry"]) for answer in refused] == [("BUSY", True)] * 3
            assert socket.close_code is None, "who answers pings is alive, whatever waits for us"
        wait_until(
            lambda: socket.answer(subscribe(socket, rooms[0]))["type"] == "subscribed",
            what="MongoDB answers again",
        )


def test_frames_do_not_each_query_a_frozen_mongodb(
    cluster: Cluster, alone: Gateway, anna: Person, rooms: Sequence[Frame]
) -> None:
    with anna.enter(at=alone) as socket, frozen(cluster, "mongodb"):
        began = time.monotonic()
        answers = []
        while time.monotonic() - began < 4 * BOUND_S:
            answers.append(socket.answer(subscribe(socket, rooms[0])))
            time.sleep(0.1)
        assert {answer["code"] for answer in answers} == {"BUSY"}
        # One after the other, each waiting for its own bound, there would be four.
        assert len(answers) > 8


def timed(gateway: Gateway, person: Person, method: str, path: str, **sent: object) -> Frame:
    """Call as this user; return status, duration and answer."""
    headers = {"Authorization": f"Bearer {person.token}", **sent.pop("headers", {})}  # type: ignore[dict-item]
    began = time.monotonic()
    answer = httpx.request(method, gateway.base_url + path, headers=headers, timeout=60, **sent)  # type: ignore[arg-type]
    return {"status": answer.status_code, "s": time.monotonic() - began, "body": answer.json()}


def post_bid(gateway: Gateway, person: Person, lot: Frame, amount: int) -> Frame:
    """As `timed`, of a bid that waits for its outcome."""
    headers = {"Idempotency-Key": uuid4().hex, "Prefer": "wait=5"}
    path = f"/api/auctions/{lot['id']}/bids"
    return timed(gateway, person, "POST", path, json={"amount": amount}, headers=headers)


def status_of(gateway: Gateway, person: Person, bid_id: str) -> object:
    """Return the outcome of a bid; None while the gateway does not know it."""
    return timed(gateway, person, "GET", f"/api/bids/{bid_id}")["body"].get("status")


def test_tokens_and_bids_are_accepted_while_redis_is_frozen(
    cluster: Cluster, alone: Gateway, anna: Person, lot: Frame
) -> None:
    amounts = itertools.count(2_000, 1_000)
    bid_ids: list[str] = []

    def durations() -> dict[str, float]:
        """How long a read, a bid, entering and a bid there took, as the user Anna."""
        me = timed(alone, anna, "GET", "/api/me")
        placed = post_bid(alone, anna, lot, next(amounts))
        began = time.monotonic()
        with anna.enter(at=alone) as another:
            entered_s = time.monotonic() - began
            received = place(another, lot, next(amounts))
            received_s = time.monotonic() - began - entered_s
        assert (me["status"], received["type"]) == (200, "bid.received")
        assert placed["status"] in {200, 202}, placed
        bid_ids.append(placed["body"]["bid_id"])
        return {"me": me["s"], "bid": placed["s"], "auth": entered_s, "frame": received_s}

    with anna.enter(at=alone) as socket:
        quiet = durations()
        began = time.monotonic()
        with frozen(cluster, "redis"):
            while time.monotonic() - began < FROZEN_S:
                for what, seconds in durations().items():
                    assert seconds < SOON_S + quiet[what], what
            assert socket.request("time", client_ms=1)["type"] == "time"
    wait_until(
        lambda: status_of(alone, anna, bid_ids[-1]) in {"accepted", "rejected"},
        what="the last bid is decided once Redis is back",
    )
    assert status_of(alone, anna, bid_ids[1]) == "accepted"
    assert len(bid_ids) > 2, "it was asked again and again"


@pytest.mark.parametrize(("store", "names"), READINESS.items())
def test_readyz_reports_a_frozen_store_soon(
    cluster: Cluster, alone: Gateway, store: str, names: Sequence[str]
) -> None:
    def ready() -> tuple[Frame, float]:
        began = time.monotonic()
        found = httpx.get(f"{alone.base_url}/readyz", timeout=60).json()
        return found, time.monotonic() - began

    wait_until(lambda: not ready()[0]["degraded"], what="all stores answer after the last test")
    quiet, quiet_s = ready()
    with frozen(cluster, store):
        found, found_s = ready()
    assert found["degraded"]
    assert found["ready"] == (set(names) <= NOT_FOR_BIDS)
    assert all(found["dependencies"][name] != "ok" for name in names)
    assert found_s < 2 * CHECK_TIMEOUT_S + quiet_s
    wait_until(lambda: ready()[0] == quiet, what=f"{store} answers again")


def test_the_newest_socket_wins_while_redis_is_frozen(cluster: Cluster, alone: Gateway) -> None:
    person = cluster.gateway.sign_up("Frozen out")
    with ExitStack() as sockets:
        here = [sockets.enter_context(person.enter(at=alone)) for _ in range(5)]
        with frozen(cluster, "redis"), person.enter(at=alone) as newest:
            wait_until(
                lambda: any(socket.close_code is not None for socket in here),
                what="one of them gives way",
            )
            codes = [socket.close_code for socket in here]
            assert sorted(codes, key=str) == [4409, None, None, None, None]
            assert newest.request("time", client_ms=1)["type"] == "time"


def test_bids_on_cached_auctions_pass_while_postgresql_is_frozen(
    cluster: Cluster, alone: Gateway, anna: Person, seller: Person, lot: Frame
) -> None:
    unknown = create_lot(seller)
    with anna.enter(at=alone) as socket:
        bid(socket, lot, 2_000)
        with frozen(cluster, "postgresql"):
            began = time.monotonic()
            slow = [
                socket.send("bid.status", auction_id=lot["id"], key="k"),
                send_bid(socket, unknown, 2_000),
                socket.send("subscribe", channel=f"auction:{lot['id']}"),
                socket.send("notice.ack", up_to=1),
            ]
            quick = [send_bid(socket, lot, 3_000), socket.send("time", client_ms=1)]
            answers = [socket.answer(frame_id) for frame_id in quick]
            assert [answer["type"] for answer in answers] == ["bid.received", "time"]
            assert in_order(socket, slow) == []
            codes = [socket.answer(frame_id)["code"] for frame_id in slow]
            frames_s = time.monotonic() - began
            read = timed(alone, anna, "GET", f"/api/auctions/{lot['id']}")
        assert codes == ["BUSY"] * 4
        assert (read["status"], read["body"]["code"]) == (503, "BUSY")
        assert max(frames_s, read["s"]) < SOON_S
        socket.push("bid.result", key=answers[0]["key"], status="accepted")
        wait_until(
            lambda: place(socket, unknown, 2_000)["type"] == "bid.received",
            what="PostgreSQL answers again",
        )


@pytest.mark.parametrize("store", STORES)
def test_after_a_frozen_store_is_back_everything_works_again(
    cluster: Cluster, alone: Gateway, anna: Person, lot: Frame, rooms: Sequence[Frame], store: str
) -> None:
    with anna.enter(at=alone) as socket:
        with frozen(cluster, store):
            socket.answer(subscribe(socket, rooms[0]))
            socket.answer(socket.send("subscribe", channel=f"auction:{lot['id']}"))
        for channel in (f"room:{rooms[0]['id']}", f"auction:{lot['id']}", "auctions"):
            wait_until(
                lambda channel=channel: (
                    socket.request("subscribe", channel=channel)["type"]  # type: ignore[misc]
                    == "subscribed"
                ),
                what=f"{channel} can be subscribed to",
            )
        assert bid(socket, lot, 2_000).outcome["status"] == "accepted"
