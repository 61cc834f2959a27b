"""Whether work has resumed: a fresh bid gets its outcome and a fresh message is stored, and whoever
watches the lot and the room is shown both.

An outcome alone shows less: a gateway asks the database for those of its bidders that stay away.
"""

import time
from collections.abc import Callable, Sequence

from stack.campaign.bidder import OUTCOME_S, Bidder
from stack.campaign.ground import Ground
from stack.campaign.journal import Author, Frame
from stack.campaign.line import UNAUTHENTICATED, Line, LostError
from stack.campaign.people import AwayError, Person
from stack.campaign.watcher import SEND_PAUSE_S, UNREMARKABLE, Scene
from stack.slowness import Deadline

GIVEN_UP_S = 90.0
PAUSE_S = 0.25
ANSWER_S = 5.0
TURN_S = 0.1


class Probe:
    """Somebody who tries again and again by a new socket.

    `resident` is the same person at another socket, who asks after the bids of tries that failed.
    A try bids on the lot of each of `places`, which it watches.
    """

    def __init__(
        self,
        person: Person,
        resident: Bidder,
        scene: Scene,
        *,
        room_id: int,
        places: Sequence[int],
    ) -> None:
        self._person, self._resident, self._scene = person, resident, scene
        self._room_id, self._places = room_id, places
        self._tries = 0

    def recovered_s(self, ground: Ground) -> float | None:
        """Seconds from now until everything works; None when it does not in GIVEN_UP_S."""
        return self._works_s(time.monotonic(), ground.all_run)

    def resumed_s(self, since: float) -> float | None:
        """As `recovered_s` from a moment of the monotonic clock on, whatever may be away."""
        return self._works_s(since, lambda: True)

    def _works_s(self, since: float, also: Callable[[], bool]) -> float | None:
        deadline = Deadline(GIVEN_UP_S)
        while not deadline.passed():
            if self._works() and also():
                return time.monotonic() - since
            time.sleep(PAUSE_S)
        return None

    def _works(self) -> bool:
        try:
            if not self._person.token:
                self._person.log_in()
            line = Line(self._scene.door)
            try:
                return self._visit(line)
            finally:
                line.close()
        except LostError as lost:
            if lost.code == UNAUTHENTICATED:
                self._person.token = ""
        except AwayError:
            pass
        return False

    def _visit(self, line: Line) -> bool:
        self._tries += 1
        author = Author(f"probe-{self._tries}", self._person.id, "ws")
        line.send({"type": "auth", "token": self._person.token})
        return (
            self._hears(line, author, [{"type": "welcome"}], ANSWER_S)
            and self._bids(line, author)
            and self._talks(line, author)
        )

    def _watches(self, line: Line, author: Author, channels: Sequence[str]) -> bool:
        for channel in channels:
            line.send({"type": "subscribe", "channel": channel})
            time.sleep(SEND_PAUSE_S)
        subscribed = [{"type": "subscribed", "channel": channel} for channel in channels]
        return self._hears(line, author, subscribed, ANSWER_S)

    def _bids(self, line: Line, author: Author) -> bool:
        """Bid everywhere at once: how long that takes is not the sum of all waits."""
        lots = [lot for place in self._places if (lot := self._scene.market.lot(place))]
        channels = [f"auction:{lot.auction_id}" for lot in lots]
        if len(lots) < len(self._places) or not self._watches(line, author, channels):
            return False
        wanted: list[Frame] = [{"type": "auction.state", "channel": one} for one in channels]
        for lot in lots:
            key = self._resident.new_key()
            bid = {"auction_id": lot.auction_id, "amount": 1, "kind": "exact", "confirm": True}
            frame = {"type": "bid.place", **bid, "key": key}
            self._resident.adopt(frame)
            self._send(line, author, frame)
            wanted.append({"type": "bid.result", "key": key})
            time.sleep(SEND_PAUSE_S)
        return self._hears(line, author, wanted, OUTCOME_S)

    def _talks(self, line: Line, author: Author) -> bool:
        if not self._watches(line, author, [f"room:{self._room_id}"]):
            return False
        key = self._resident.new_key()
        said = {"type": "chat.send", "room_id": self._room_id, "text": key, "key": key}
        self._send(line, author, said)
        wanted = [{"type": "chat.received", "key": key}, {"type": "chat.message", "text": key}]
        return self._hears(line, author, wanted, ANSWER_S) and self._is_stored(key)

    def _is_stored(self, text: str) -> bool:
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            found = self._person.call("GET", f"/api/rooms/{self._room_id}/messages?limit=100")
            if any(message["text"] == text for message in found["items"]):
                return True
            time.sleep(TURN_S)
        return False

    def _send(self, line: Line, author: Author, frame: Frame) -> None:
        self._scene.journal.write(author, "sent", frame)
        line.send(frame)

    def _hears(self, line: Line, author: Author, wanted: list[Frame], wait_s: float) -> bool:
        """Whether all these frames come, in any order."""
        deadline, missing = time.monotonic() + wait_s, wanted
        while missing and time.monotonic() < deadline:
            frame = line.receive(TURN_S)
            if frame is None:
                continue
            if frame["type"] != "welcome" and frame["type"] not in UNREMARKABLE:
                self._scene.journal.write(author, "told", frame)
            missing = [one for one in missing if any(frame.get(k) != one[k] for k in one)]
        return not missing
