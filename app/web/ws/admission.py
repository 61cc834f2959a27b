"""Takes a bid's frame from the reader: refuses it with BUSY, places it at once, or in its turn.

A valid bid of a user whose right to bid is known takes a shorter path than other frames: it is
placed without waiting for anything but its turn of the loop. All others go through the dispatcher.
"""

from functools import partial
from typing import Final

from app.domain.errors import BusyError
from app.protocol import frames
from app.services.rights import Right
from app.web.turns import LOOP_TURNS
from app.web.ws.answers import carry_out, refuse
from app.web.ws.bids import BidFrames
from app.web.ws.connection import READY, Connection
from app.web.ws.registry import Registry
from app.web.ws.services import GatewayServices

BIDS_WAITING_MAX: Final = 8  # of a socket, for their turn; it is read no further until then


class BidAdmission:
    """Admits the bids of all sockets of a process."""

    def __init__(self, services: GatewayServices, registry: Registry, bids: BidFrames) -> None:
        self._registry, self._bids = registry, bids
        self._bidding, self._clock = services.bidding, services.clock
        self._lateness = services.admission.lateness
        self._bytes_max = services.limits.bid_frame_bytes_max

    def place(self, connection: Connection, text: str) -> bool:
        """Place a valid bid that has its turn, or refuse it, and return True. Return False for
        every other message, and for a bid that must wait for a store."""
        bid = frames.decode_bid(text)
        if bid is None or not self._is_allowed(connection, bid, len(text)):
            return False
        right = self._cached_right(connection, bid)
        if right is None:
            return False
        connection.last_frame_id = bid.id
        self._lateness.update(connection.waited_s, self._clock())
        if connection.is_in_rate(bid.id):
            carry_out(connection, bid.id, bid.type, self._bids.on_place, connection, bid, right)
        return True

    def admit(self, connection: Connection, text: str) -> bool:
        """Take a valid bid that has to wait for its turn, and return True: it is refused at once,
        or placed in turn without being checked again. Return False for every other message.

        Whoever is refused when more comes than is carried would else wait for all who came before.
        """
        bid = frames.decode_bid(text)
        if bid is None or not self._is_allowed(connection, bid, len(text)):
            return False
        received_at = connection.received_at
        self._lateness.update_oldest(LOOP_TURNS.oldest_s(received_at), received_at)
        right = self._cached_right(connection, bid)
        try:
            if right is None or connection.bids_waiting >= BIDS_WAITING_MAX:
                self._bidding.check(bid.auction_id)
                return False
            self._bidding.reserve(bid.auction_id)
        except BusyError as error:
            connection.last_frame_id = bid.id
            if connection.is_in_rate(bid.id):
                refuse(connection, bid.id, error)
            return True
        connection.last_frame_id = bid.id
        if connection.is_in_rate(bid.id):
            connection.bids_waiting += 1
            LOOP_TURNS.put(partial(self._on_turn, connection, bid, right, received_at))
        else:
            self._bidding.release(bid.auction_id)
        return True

    def count_wait(self, connection: Connection) -> None:
        """Count how long the frame that has its turn has waited for it: frames that wait too long
        are a reason to refuse bids. Guests wait for each other, which says nothing."""
        if connection.identity is not None:
            self._lateness.update(connection.waited_s, self._clock())

    def _on_turn(
        self, connection: Connection, bid: frames.BidPlace, right: Right, received_at: float
    ) -> None:
        """Place a bid that was admitted when it was received, even when its socket has ended; in
        a drain its receipt would come too late."""
        connection.bids_waiting -= 1
        self._bidding.release(bid.auction_id)
        now = self._clock()
        waited_s = now - received_at
        self._lateness.update(waited_s, now)
        if not self._registry.is_draining:
            carry_out(
                connection, bid.id, bid.type, self._bids.place, connection, bid, right, waited_s
            )

    def _is_allowed(self, connection: Connection, bid: frames.BidPlace, size: int) -> bool:
        """Return whether the socket may send the bid.

        Every other bid takes the path of all frames, on which each refusal has its turn. `size` is
        in characters, which are bytes: a valid bid has no other characters.
        """
        identity = connection.identity
        return (
            identity is not None
            and not identity.is_suspended
            and connection.state is READY
            and bid.id > connection.last_frame_id
            and size <= self._bytes_max
        )

    def _cached_right(self, connection: Connection, bid: frames.BidPlace) -> Right | None:
        """Return the right to bid; None when a store must be asked, or something waits for one."""
        identity = connection.identity
        if identity is None or not connection.queues.is_empty:
            return None
        return self._bidding.cached_right(identity.user_id, bid.auction_id)
