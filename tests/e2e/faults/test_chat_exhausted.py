"""Chat has exhausted its share of Kafka or PostgreSQL; bids have their own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from random import choices
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.protocol.admin.client_quotas import AlterClientQuotasRequest

from app.settings import read_settings
from lanes.kafka.security import client_arguments
from stack.websocket_client import Frame
from tests.e2e.bidding import place
from tests.e2e.client import Socket
from tests.e2e.cluster import Cluster
from tests.e2e.locking import locked
from tests.e2e.lots import create_lot
from tests.e2e.people import Gateway, Person
from tests.waiting import wait_until

HANGUL = [chr(code) for code in range(0xAC00, 0xD7A4)]
# Each of a gateway's producers may write so much; a bid has 300 bytes, the longest message 6 KB.
BYTES_PER_S = 8_000.0
PRODUCERS = ("gateway", "gateway-chat")
LONG_MESSAGES = 64
# Chat's queue is full after a third of them, and no limit of a socket holds them back.
CHANGES = {
    "LOG_QUEUE_BYTES_MAX": "131072",
    "FRAMES_PER_S_MAX": "1000",
    "BYTES_PER_S_MAX": "10000000",
}
ROOMS, SOCKETS = 4, 3


@pytest.fixture(scope="module")
def alone(cluster: Cluster) -> Iterator[Gateway]:
    """A gateway of one process."""
    with cluster.another_gateway("gateway-chatted", **CHANGES) as gateway:
        yield gateway


@pytest.fixture
def rooms(seller: Person, anna: Person) -> list[Frame]:
    """Rooms that Anna has joined."""
    return [joined(anna, create_lot(seller)) for _ in range(ROOMS)]


def joined(person: Person, lot: Frame) -> Frame:
    room = person.call("POST", "/api/rooms", {"type": "auction", "auction_id": lot["id"]})
    person.call("POST", f"/api/rooms/{room['id']}/join")
    return room


@contextmanager
def throttled(cluster: Cluster) -> Iterator[None]:
    """The broker reads no more of a producer that is over its quota."""
    admin = KafkaAdminClient(**client_arguments(read_settings(cluster.stack.environment()).kafka))
    try:
        set_quotas(admin, remove=False)
        yield
    finally:
        set_quotas(admin, remove=True)
        admin.close()


def set_quotas(admin: KafkaAdminClient, *, remove: bool) -> None:
    entry = AlterClientQuotasRequest.EntryData
    quota = entry.OpData(key="producer_byte_rate", value=BYTES_PER_S, remove=remove)
    entries = [
        entry(entity=[entry.EntityData(entity_type="client-id", entity_name=name)], ops=[quota])
        for name in PRODUCERS
    ]
    request = AlterClientQuotasRequest(entries=entries, validate_only=False)
    answer = admin._manager.run(admin._send_request_to_controller, request)
    assert [entry.error_code for entry in answer.entries] == [0] * len(PRODUCERS)


def send_chat(socket: Socket, room: Frame) -> int:
    text = "".join(choices(HANGUL, k=2_000))
    return socket.send("chat.send", room_id=room["id"], text=text, key=uuid4().hex)


def answers(socket: Socket, sent: Sequence[int]) -> list[str]:
    """The types, or codes, of the answers that have come to these frames."""
    found = [frame for frame in list(socket.frames) if frame.get("re") in sent]
    return [frame.get("code") or frame["type"] for frame in found]


def is_unknown(socket: Socket, room: Frame, frame_ids: list[int]) -> bool:
    """Send one more message. Return whether any message so far was given up.

    What fits into one request is taken before the broker notices that it was too much.
    """
    frame_ids.append(send_chat(socket, room))
    return "chat.unknown" in answers(socket, frame_ids)


def test_bids_are_accepted_while_kafka_takes_no_chat(
    cluster: Cluster, alone: Gateway, anna: Person, ben: Person, seller: Person, rooms: list[Frame]
) -> None:
    lot = create_lot(seller)
    with anna.enter(at=alone) as hers, ben.enter(at=alone) as his:
        place(his, lot, 2_000)
        wait_until(
            lambda: hers.answer(send_chat(hers, rooms[0]))["type"] == "chat.received",
            what="the gateway has connected to the log of chat",
        )
        with throttled(cluster):
            frame_ids = [send_chat(hers, rooms[0]) for _ in range(LONG_MESSAGES)]
            hers.wait_for(lambda: "BUSY" in answers(hers, frame_ids), what="chat has no room left")
            for number in range(10):
                for socket in (hers, his):
                    bid = place(socket, lot, 3_000 + 1_000 * number)
                    assert bid["type"] == "bid.received"
                    assert socket.request("time", client_ms=1)["type"] == "time"
            wait_until(lambda: is_unknown(hers, rooms[0], frame_ids), what="messages wait in vain")
            assert place(hers, lot, 50_000)["type"] == "bid.received"
    wait_until(lambda: is_received(alone, anna, rooms[0]), what="messages are taken again")


def is_received(gateway: Gateway, person: Person, room: Frame) -> bool:
    with person.enter(at=gateway) as socket:
        return bool(socket.answer(send_chat(socket, room))["type"] == "chat.received")


def test_bids_continue_while_all_chat_connections_are_locked(
    cluster: Cluster, alone: Gateway, anna: Person, seller: Person, rooms: list[Frame]
) -> None:
    lots = [create_lot(seller) for _ in range(SOCKETS)]
    with ExitStack() as stack:
        sockets = [stack.enter_context(anna.enter(at=alone)) for _ in range(SOCKETS)]
        with locked(cluster, "room_members"):
            waiting = [
                [socket.send("subscribe", channel=f"room:{room['id']}") for room in rooms]
                for socket in sockets
            ]
            for socket, lot in zip(sockets, lots, strict=True):
                # Neither the auction nor the bid is cached here: both are read.
                bid = socket.request("bid.place", auction_id=lot["id"], amount=2_000, key="k")
                status = socket.request("bid.status", auction_id=lot["id"], key="other")
                clock = socket.request("time", client_ms=1)
                assert [bid["type"], status["status"], clock["type"]] == [
                    "bid.received", "unknown", "time",
                ]  # fmt: skip
            assert [answers(*each) for each in zip(sockets, waiting, strict=True)] == [[]] * SOCKETS
            for socket, sent in zip(sockets, waiting, strict=True):
                refused = [socket.answer(frame_id) for frame_id in sent]
                assert {answer["code"] for answer in refused} == {"BUSY"}
        for socket, lot in zip(sockets, lots, strict=True):
            socket.push("bid.result", auction_id=lot["id"], status="accepted")
