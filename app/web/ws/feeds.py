"""Turns publications into the frames of channels: states, prices, messages."""

from heapq import heappop, heappush
from typing import Final

import gevent
import msgspec

from app.domain.errors import BusyError
from app.protocol.channels import (
    AUCTIONS,
    ROOM,
    auction_channel,
    kind_and_number,
    room_channel,
)
from app.protocol.fanout import RoomPublication, published_message
from app.protocol.outcomes import AuctionState
from app.protocol.pushes import AuctionsPrice, PriceItem, chat_push, state_push
from app.protocol.resources import ChatMessage
from app.services.chat import Chat
from app.settings import Limits
from app.web.ws.conflation import Conflation
from app.web.ws.framing import text_frame
from app.web.ws.registry import Registry
from app.web.ws.services import Clock

STATES_WAIT_S: Final = 0.01  # at most this late, so that the states of many auctions go together

encode = msgspec.json.Encoder().encode


class AuctionFeed:
    """Pushes conflated states to the watchers of an auction; keeps nothing of unwatched ones."""

    def __init__(self, registry: Registry, *, limits: Limits, clock: Clock) -> None:
        self._registry, self._limits, self._clock = registry, limits, clock
        self._conflations: dict[int, Conflation] = {}
        self._due: list[tuple[float, int]] = []  # a heap: when to look at which auction again
        self._pusher: gevent.Greenlet[[], None] | None = None

    def offer(self, auction_id: int, state: AuctionState) -> None:
        """Push the state of a settle now, later, or merged with the next."""
        if auction_channel(auction_id) not in self._registry.channels:
            self._conflations.pop(auction_id, None)
            return
        conflation = self._conflations.get(auction_id)
        if conflation is None:
            conflation = Conflation(per_s=self._limits.states_per_s_max)
            self._conflations[auction_id] = conflation
        was_waiting = conflation.due_at is not None
        self._push(auction_id, conflation.offer(state, self._clock()))
        if conflation.due_at is not None and not was_waiting:
            self._push_later(conflation.due_at, auction_id)

    def _push_later(self, at: float, auction_id: int) -> None:
        """Wait in one greenlet for all auctions: a timer each costs more than pushing to a few
        sockets."""
        heappush(self._due, (at, auction_id))
        if not self._pusher:  # there is none, or it has ended
            self._pusher = gevent.spawn(self._push_due)

    def _push_due(self) -> None:
        while self._due:
            gevent.sleep(STATES_WAIT_S)
            now = self._clock()
            while self._due and self._due[0][0] <= now:
                self._push_waiting(heappop(self._due)[1], now)

    def _push_waiting(self, auction_id: int, now: float) -> None:
        conflation = self._conflations.get(auction_id)
        channel = self._registry.channels.get(auction_channel(auction_id))
        if conflation is None or channel is None:
            return
        if channel.is_sending:  # fewer states where one takes longer than until the next
            heappush(self._due, (now + STATES_WAIT_S, auction_id))
            return
        self._push(auction_id, conflation.pop_due(now))
        if conflation.due_at is not None:  # another went at once meanwhile
            heappush(self._due, (conflation.due_at, auction_id))

    def _push(self, auction_id: int, state: AuctionState | None) -> None:
        channel = self._registry.channels.get(auction_channel(auction_id))
        if state is None or channel is None:
            return
        channel.push(state.version, text_frame(encode(state_push(auction_id, state))))


class PriceFeed:
    """Pushes changed lines of the list, at a limited rate."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._changed: dict[int, PriceItem] = {}

    def offer(self, items: list[PriceItem]) -> None:
        """Record that these lines have changed."""
        if AUCTIONS in self._registry.channels:
            self._changed.update((item.id, item) for item in items)

    def push(self, items: list[PriceItem] | None = None) -> None:
        """Push `items`, by default those that have changed since the last call."""
        if items is None:
            items, self._changed = list(self._changed.values()), {}
        channel = self._registry.channels.get(AUCTIONS)
        if channel is not None and items:
            channel.push(channel.last + 1, text_frame(encode(AuctionsPrice(items=items))))


class RoomFeed:
    """Pushes messages to a room's listeners, in the order of their offsets, each once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def on_publication(self, publication: RoomPublication) -> None:
        """Push a published message."""
        self.push(publication.message.room_id, published_message(publication))

    def push(self, room_id: int, message: ChatMessage) -> None:
        """Push the message to listeners that do not have it."""
        name = room_channel(room_id)
        channel = self._registry.channels.get(name)
        if channel is not None:
            channel.push(message.seq, _chat_frame(name, message))

    def hold(self) -> None:
        """Hold newer messages until the missed ones are filled in."""
        for name, channel in self._registry.channels.items():
            if kind_and_number(name)[0] == ROOM:
                channel.hold()

    def fill(self, chat: Chat, room_id: int, limit: int) -> None:
        """Push the missed messages, at most `limit` of them in memory, and those held since.

        Raise BusyError while the store does not answer; then newer messages stay on hold.
        """
        name = room_channel(room_id)
        channel = self._registry.channels.get(name)
        if channel is None:
            return
        held = channel.hold()
        try:
            for message in chat.missed(room_id, after_seq=channel.covered, limit=limit):
                channel.fill(message.seq, _chat_frame(name, message))
        except BusyError:
            raise
        except Exception:  # no later event would retry: better a gap than silence
            channel.release(held)
            raise
        channel.release(held)


def _chat_frame(name: str, message: ChatMessage) -> bytes:
    return text_frame(encode(chat_push(name, message)))
