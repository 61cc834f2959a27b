"""When the probe reports that work has resumed."""

from collections import deque
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stack.campaign.market import Lot, Market
from stack.campaign.probe import Probe
from stack.websocket_client import ConnectionLostError, Frame

LOT, ROOM = 7, 3


class Client:
    """A user whose gateway answers everything, pushes `pushes`, and then closes."""

    def __init__(self, *pushes: str) -> None:
        self._pushes = pushes
        self._frames: deque[Frame] = deque([{"type": "welcome"}])

    def send(self, frame: Frame) -> None:
        match frame["type"]:
            case "subscribe":
                self._frames.append({"type": "subscribed", "channel": frame["channel"]})
            case "bid.place":
                self._frames.append({"type": "bid.result", "key": frame["key"]})
                self._push({"type": "auction.state", "channel": f"auction:{LOT}"})
            case "chat.send":
                self._frames.append({"type": "chat.received", "key": frame["key"]})
                self._push({"type": "chat.message", "text": frame["text"]})

    def receive(self, _wait_s: float) -> Frame:
        if not self._frames:
            raise ConnectionLostError(0)
        return self._frames.popleft()

    def _push(self, frame: Frame) -> None:
        if frame["type"] in self._pushes:
            self._frames.append(frame)


def has_resumed(client: Client) -> bool:
    market = Market()
    market.lots[0] = Lot(LOT, over_at=float("inf"))
    stored = {"items": [{"text": "k"}]}
    user = SimpleNamespace(id=1, call=lambda *_: stored)
    tracker = SimpleNamespace(new_key=lambda: "k", track=lambda _: None)
    context = SimpleNamespace(market=market, journal=SimpleNamespace(write=lambda *_: None))
    parts = cast("Any", (user, tracker, context))
    return Probe(*parts, room_id=ROOM, slots=[0])._check_all(cast("Any", client))


def test_work_has_resumed_when_bid_and_message_are_pushed() -> None:
    assert has_resumed(Client("auction.state", "chat.message"))


@pytest.mark.parametrize("pushed", ["auction.state", "chat.message"])
def test_answers_alone_do_not_show_that_work_has_resumed(pushed: str) -> None:
    with pytest.raises(ConnectionLostError):
        has_resumed(Client(pushed))
