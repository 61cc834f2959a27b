"""Checks whether work has resumed: a new bid gets its outcome and a new message is stored, and both
are pushed to those who watch the lot and the room.

An outcome alone shows less: a gateway asks the database for those of its bidders that stay away.
"""

import time
from collections.abc import Callable, Sequence

from stack.campaign.bidder import OUTCOME_S, Bidder
from stack.campaign.environment import Environment
from stack.campaign.journal import Author
from stack.campaign.watcher import NOT_RECORDED, SEND_PAUSE_S, Context
from stack.client import CallError, User
from stack.slowness import Deadline
from stack.websocket_client import UNAUTHENTICATED, Client, ConnectionLostError, Frame

GIVE_UP_S = 90.0
PAUSE_S = 0.25
ANSWER_S = 5.0
TURN_S = 0.1


class Probe:
    """Tries again and again, each time with a new socket.

    `tracker` is the same user at another socket, who asks for the outcomes of failed tries.
    A try bids on the lot of each of `slots`, which it watches.
    """

    def __init__(
        self, user: User, tracker: Bidder, context: Context, *, room_id: int, slots: Sequence[int]
    ) -> None:
        self._user, self._tracker, self._context = user, tracker, context
        self._room_id, self._slots = room_id, slots
        self._tries = 0

    def recovered_s(self, environment: Environment) -> float | None:
        """Seconds from now until everything works; None when it does not in GIVEN_UP_S."""
        return self._until_working_s(time.monotonic(), environment.all_run)

    def resumed_s(self, since: float) -> float | None:
        """As `recovered_s`, counted from a monotonic time; processes may be down."""
        return self._until_working_s(since, lambda: True)

    def _until_working_s(self, since: float, condition: Callable[[], bool]) -> float | None:
        works = Deadline(GIVE_UP_S).wait(lambda: self._is_working() and condition(), poll_s=PAUSE_S)
        return time.monotonic() - since if works else None

    def _is_working(self) -> bool:
        try:
            with self._user.connect() as client:
                return self._check_all(client)
        except ConnectionLostError as lost:
            if lost.code == UNAUTHENTICATED:
                self._user.forget_session()
        except CallError:
            pass
        return False

    def _check_all(self, client: Client) -> bool:
        self._tries += 1
        author = Author(f"probe-{self._tries}", self._user.id, "ws")
        return (
            self._receives(client, author, [{"type": "welcome"}], ANSWER_S)
            and self._can_bid(client, author)
            and self._can_chat(client, author)
        )

    def _subscribes(self, client: Client, author: Author, channels: Sequence[str]) -> bool:
        for channel in channels:
            client.send({"type": "subscribe", "channel": channel})
            time.sleep(SEND_PAUSE_S)
        subscribed = [{"type": "subscribed", "channel": channel} for channel in channels]
        return self._receives(client, author, subscribed, ANSWER_S)

    def _can_bid(self, client: Client, author: Author) -> bool:
        """Bid everywhere at once: how long that takes is not the sum of all waits."""
        lots = [lot for slot in self._slots if (lot := self._context.market.lot(slot))]
        channels = [f"auction:{lot.auction_id}" for lot in lots]
        if len(lots) < len(self._slots) or not self._subscribes(client, author, channels):
            return False
        expected: list[Frame] = [{"type": "auction.state", "channel": one} for one in channels]
        for lot in lots:
            key = self._tracker.new_key()
            bid = {"auction_id": lot.auction_id, "amount": 1, "kind": "exact", "confirm": True}
            frame = {"type": "bid.place", **bid, "key": key}
            self._tracker.track(frame)
            self._send(client, author, frame)
            expected.append({"type": "bid.result", "key": key})
            time.sleep(SEND_PAUSE_S)
        return self._receives(client, author, expected, OUTCOME_S)

    def _can_chat(self, client: Client, author: Author) -> bool:
        if not self._subscribes(client, author, [f"room:{self._room_id}"]):
            return False
        key = self._tracker.new_key()
        chat_frame = {"type": "chat.send", "room_id": self._room_id, "text": key, "key": key}
        self._send(client, author, chat_frame)
        expected = [{"type": "chat.received", "key": key}, {"type": "chat.message", "text": key}]
        return self._receives(client, author, expected, ANSWER_S) and self._is_stored(key)

    def _is_stored(self, text: str) -> bool:
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            found = self._user.call("GET", f"/api/rooms/{self._room_id}/messages?limit=100")
            if any(message["text"] == text for message in found["items"]):
                return True
            time.sleep(TURN_S)
        return False

    def _send(self, client: Client, author: Author, frame: Frame) -> None:
        self._context.journal.write(author, "sent", frame)
        client.send(frame)

    def _receives(
        self, client: Client, author: Author, expected: list[Frame], wait_s: float
    ) -> bool:
        """Whether all these frames are received, in any order."""
        deadline, missing = time.monotonic() + wait_s, expected
        while missing and time.monotonic() < deadline:
            frame = client.receive(TURN_S)
            if frame is None:
                continue
            if frame["type"] != "welcome" and frame["type"] not in NOT_RECORDED:
                self._context.journal.write(author, "told", frame)
            missing = [one for one in missing if any(frame.get(k) != one[k] for k in one)]
        return not missing
