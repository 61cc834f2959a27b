"""Whether work has resumed: a fresh bid gets its outcome, a fresh message is stored."""

import time

from stack.campaign.bidder import OUTCOME_S, Bidder
from stack.campaign.ground import Ground
from stack.campaign.journal import Author, Frame
from stack.campaign.line import UNAUTHENTICATED, Line, LostError
from stack.campaign.people import AwayError, Person
from stack.campaign.watcher import Scene
from stack.slowness import Deadline

GIVEN_UP_S = 90.0
PAUSE_S = 0.25
ANSWER_S = 5.0
TURN_S = 0.1


class Probe:
    """Somebody who tries again and again by a new socket.

    `resident` is the same person at another socket, who asks after the bids of tries that failed.
    """

    def __init__(self, person: Person, resident: Bidder, scene: Scene, *, room_id: int) -> None:
        self._person, self._resident, self._scene = person, resident, scene
        self._room_id = room_id
        self._tries = 0

    def recovered_s(self, ground: Ground) -> float | None:
        """Seconds from now until everything works; None when it does not in GIVEN_UP_S."""
        began, deadline = time.monotonic(), Deadline(GIVEN_UP_S)
        while not deadline.passed():
            if self._works() and ground.all_run():
                return time.monotonic() - began
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
            self._hears(line, author, {"type": "welcome"}, ANSWER_S)
            and self._bids(line, author)
            and self._talks(line, author)
        )

    def _bids(self, line: Line, author: Author) -> bool:
        lot = self._scene.market.lot(0)
        if lot is None:
            return False
        key = self._resident.new_key()
        bid = {"auction_id": lot.auction_id, "amount": 1, "kind": "exact", "confirm": True}
        frame = {"type": "bid.place", **bid, "key": key}
        self._resident.adopt(frame)
        self._send(line, author, frame)
        return self._hears(line, author, {"type": "bid.result", "key": key}, OUTCOME_S)

    def _talks(self, line: Line, author: Author) -> bool:
        key = self._resident.new_key()
        said = {"type": "chat.send", "room_id": self._room_id, "text": key, "key": key}
        self._send(line, author, said)
        return self._hears(
            line, author, {"type": "chat.received", "key": key}, ANSWER_S
        ) and self._is_stored(key)

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

    def _hears(self, line: Line, author: Author, wanted: Frame, wait_s: float) -> bool:
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            frame = line.receive(TURN_S)
            if frame is None:
                continue
            if frame["type"] not in ("welcome", "notice"):
                self._scene.journal.write(author, "told", frame)
            if all(frame.get(name) == wanted[name] for name in wanted):
                return True
        return False
