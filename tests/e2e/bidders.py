"""Bidders who record what they send and receive, and checks of those records."""

import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import uuid4

from stack.websocket_client import Frame
from tests.e2e.client import Socket
from tests.e2e.people import Gateway, Person
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.waiting import wait_until

DECIDED = ("accepted", "rejected")
STATE = (
    "version", "status", "price", "minimum_next_bid", "bid_count", "leader", "reserve", "ends_at",
    "extensions", "winner", "last_ends_at",
)  # fmt: skip


class Bidder:
    """A bidder on one lot, at sockets of one or more gateways."""

    def __init__(self, person: Person, lot_id: int, at: Sequence[Gateway]) -> None:
        self.person, self.lot_id, self.at = person, lot_id, at
        self.sockets = [self._enter(gateway) for gateway in at]
        self.amounts: dict[str, int] = {}  # by key, of every bid sent
        self.receipts: list[Frame] = []  # those of HTTP
        self._ended_frames: list[Frame] = []  # received by sockets that have ended
        self._sent: list[tuple[Socket, int, str]] = []

    def bid(self, amount: int, socket: Socket, key: str | None = None) -> str:
        """Send a bid, or one of the same key again, and do not wait; its key."""
        key = key or uuid4().hex
        self.amounts[key] = amount
        fields = {"auction_id": self.lot_id, "amount": amount, "key": key, "confirm": True}
        self._sent.append((socket, socket.send("bid.place", **fields), key))
        return key

    def bid_over_http(self, amount: int, at: Gateway) -> None:
        """Place a bid by a request, which must be acknowledged."""
        key = uuid4().hex
        answer = self.person.post_bid(self.lot_id, key=key, at=at, amount=amount)
        assert answer.status_code == 202, answer.text
        self.amounts[key] = amount
        self.receipts.append(answer.json())

    def answers(self) -> list[Frame]:
        """Wait for the answer to every bid sent since the last call; forget those refused entry."""
        sent, self._sent = self._sent, []
        answers = [(key, socket.answer(frame_id)) for socket, frame_id, key in sent]
        for key, answer in answers:
            if answer["type"] == "error":  # this send is not in the log
                del self.amounts[key]
        return [answer for _, answer in answers]

    def answers_with_retries(self) -> list[Frame]:
        """As `answers`, but a bid whose error has `retry` is sent again, as a page does."""
        found: list[Frame] = []
        while sent := self._sent:
            amounts = dict(self.amounts)
            for (socket, _, key), answer in zip(sent, self.answers(), strict=True):
                if answer["type"] == "error" and answer["retry"]:
                    time.sleep(answer["retry_after_ms"] / 1_000)
                    self.bid(amounts[key], socket, key)
                else:
                    found.append(answer)
        return found

    def received(self, type_: str) -> list[Frame]:
        """The frames of one type that all sockets received, ended ones too."""
        frames = [*self._ended_frames, *itertools.chain(*(list(s.frames) for s in self.sockets))]
        return [frame for frame in frames if frame["type"] == type_]

    def wait_outcomes(self) -> None:
        """Wait until every bid's outcome was pushed to every socket."""
        for socket in self.sockets:
            socket.wait_for(
                lambda socket=socket: not self.missing_outcomes(socket),  # type: ignore[misc]
                what=f"{len(self.missing_outcomes(socket))} of {len(self.amounts)} outcomes",
            )

    def missing_outcomes(self, socket: Socket) -> set[str]:
        """The keys of bids whose outcome this socket has not received."""
        return set(self.amounts) - {frame["key"] for frame in socket.pushes("bid.result")}

    def recover_outcomes(self) -> None:
        """Ask for the status of every bid, as after a reconnect; send unknown ones again."""
        socket = self.sockets[0]
        for key, amount in list(self.amounts.items()):
            status = self._status(key)
            if status == "unknown":
                self.bid(amount, socket, key)
                self.answers_with_retries()  # the send before may be in the log
            if status not in DECIDED:
                socket.wait_for(
                    lambda key=key: socket.pushes("bid.result", key=key),  # type: ignore[misc]
                    what=f"the outcome of {key}, {status} before",
                )

    def reconnect(self) -> None:
        """Open every ended socket again; frames sent on the old one get no answer."""
        self._sent = [sent for sent in self._sent if sent[0].close_code is None]
        for index, socket in enumerate(self.sockets):
            if socket.close_code is not None:
                new_socket = self._enter(self.at[index])
                self._ended_frames += socket.frames
                self.sockets[index] = new_socket

    def close(self) -> None:
        """Leave."""
        for socket in self.sockets:
            socket.close()

    def check_received(self, log: Iterable[tuple[int, Frame]]) -> None:
        """Every receipt names a record of the log, and every bid was answered one thing.

        `log`: offset and value of the lot's records; they are all of one partition.
        """
        records = dict(log)
        for receipt in [*self.receipts, *self.received("bid.received")]:
            record = records[receipt["offset"]]
            assert (record["bid_id"], record["key"]) == (receipt["bid_id"], receipt["key"])
            assert record["amount"] == receipt["amount"] == self.amounts[receipt["key"]]
        outcomes = defaultdict(list)
        for result in self.received("bid.result"):
            if result["auction_id"] == self.lot_id:  # users bid on other auctions before
                outcomes[result["key"]].append(result)
        assert set(outcomes) <= set(self.amounts)
        for answers in outcomes.values():
            assert all(answer == answers[0] for answer in answers)
            assert answers[0]["status"] in DECIDED

    def check_shown(self, state: Frame) -> None:
        """Check that every socket ends with the state that a new one gets."""
        expected = {name: state[name] for name in STATE}
        for socket in self.sockets:
            socket.wait_for(lambda socket=socket: _state(socket) == expected, what=str(expected))  # type: ignore[misc]

    def _status(self, key: str) -> str:
        """Return the status of a bid; repeat the request while its error says `retry`."""
        answer = self.sockets[0].request("bid.status", auction_id=self.lot_id, key=key)
        while answer["type"] == "error" and answer["retry"]:
            time.sleep(answer["retry_after_ms"] / 1_000)
            answer = self.sockets[0].request("bid.status", auction_id=self.lot_id, key=key)
        return str(answer["status"])

    def _enter(self, gateway: Gateway) -> Socket:
        socket = self.person.enter(gateway)
        wait_until(lambda: self._subscribed(socket), what="the live stream is there")
        return socket

    def _subscribed(self, socket: Socket) -> bool:
        answer = socket.request("subscribe", channel=f"auction:{self.lot_id}")
        return str(answer["type"]) == "subscribed"


def bid_from_all(bidders: Sequence[Bidder], amounts: Iterator[int]) -> list[Frame]:
    """One bid from every socket; the answers."""
    _send_from_all(bidders, amounts)
    return [answer for bidder in bidders for answer in bidder.answers()]


def bid_from_all_with_retries(bidders: Sequence[Bidder], amounts: Iterator[int]) -> list[Frame]:
    """Send one bid from every socket, again until it is accepted; return the answers."""
    _send_from_all(bidders, amounts)
    return [answer for bidder in bidders for answer in bidder.answers_with_retries()]


def _send_from_all(bidders: Sequence[Bidder], amounts: Iterator[int]) -> None:
    for bidder in bidders:
        for socket in bidder.sockets:
            bidder.bid(next(amounts), socket)


def bid_until_acknowledged(bidders: Sequence[Bidder], amounts: Iterator[int]) -> Frame:
    """Bid until all bids of a wave are acknowledged; a receipt."""
    found: list[Frame] = []

    def acknowledged() -> bool:
        answers = bid_from_all(bidders, amounts)
        found[:] = [answer for answer in answers if answer["type"] == "bid.received"]
        return len(found) == len(answers)

    wait_until(acknowledged, what="bids are acknowledged")
    return found[0]


def check_all(
    lanes: LaneCluster, gateway: Gateway, bidders: Sequence[Bidder], receipt: Frame
) -> None:
    """Check that rows, state, pushes and snapshots all follow the log."""
    lot = Lot(bidders[0].lot_id, [bidder.person.id for bidder in bidders])
    records = lanes.check_against_log(lot, receipt["partition"])
    log = [(record.offset, json.loads(record.payload)) for record in records]
    with gateway.enter() as guest:
        state = snapshot(guest, lot.auction_id)
    for bidder in bidders:
        bidder.check_received(log)
        bidder.check_shown(state)


def snapshot(guest: Socket, auction_id: int) -> Frame:
    """Return the snapshot of a new subscriber; ask again while a store is BUSY."""
    answers: list[Frame] = []

    def is_shown() -> bool:
        answers.append(guest.request("subscribe", channel=f"auction:{auction_id}"))
        return answers[-1].get("code") != "BUSY"

    wait_until(is_shown, what="a snapshot")
    return dict(answers[-1]["auction"])


def _state(socket: Socket) -> Frame | None:
    shown = [
        frame["auction"] if frame["type"] == "subscribed" else frame
        for frame in list(socket.frames)
        if frame["type"] in ("subscribed", "auction.state")
    ]
    return {name: shown[-1][name] for name in STATE} if shown else None
