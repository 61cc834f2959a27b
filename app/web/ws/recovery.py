"""What sockets may have missed, read from the stores: after a gap in the stream of publications,
and outcomes that have not come in time.

What was not missed may come twice.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import structlog

from app.domain.errors import NotFoundError
from app.protocol.channels import AUCTION, AUCTIONS, ROOM, kind_and_number
from app.protocol.outcomes import with_bids
from app.protocol.problems import CloseCode
from app.services.batches import batches
from app.web.ws.hub import Hub
from app.web.ws.services import GatewayServices

log = structlog.get_logger()

PENDING_S = 4.0  # under load an outcome may be this late without anything being wrong
PENDING_BATCH = 1_000
PENDING_ROUND_S = 0.25  # of the five seconds between two rounds
# A publication may have been decided so long before: after any fault work resumes within this.
PUBLISHING_S_MAX = 30.0

RecoveryStep = Callable[[], None]


class Recovery:
    """Recovers what the sockets of a hub have missed."""

    def __init__(self, services: GatewayServices, hub: Hub) -> None:
        self._services, self._hub = services, hub
        self._registry, self._deliveries = hub.registry, hub.deliveries

    def steps(self, since: float) -> list[RecoveryStep]:
        """Return the steps that recover from a gap in the stream since then (monotonic seconds).

        To be called in this order; each raises BusyError while its store does not answer, and may
        then be called again. Rooms come last: they have a store of their own.
        """
        rooms = [name for name in self._registry.channels if kind_and_number(name)[0] == ROOM]
        others = [name for name in self._registry.channels if name not in rooms]
        return [
            *self.steps_of(self._registry.user_ids(), since),
            *(partial(self._resume_channel, name) for name in others),
            self._close_ended,
            *(partial(self._resume_channel, name) for name in rooms),
        ]

    def steps_of(self, user_ids: list[int], since: float) -> list[RecoveryStep]:
        """As `steps`, only for what is addressed to these users."""
        return [
            partial(self._send_outcomes, user_ids, since),
            partial(self._send_refusals, user_ids, since),
            partial(self._send_notices, user_ids, since),
        ]

    def send_overdue(self) -> None:
        """Send the outcomes that were decided and not delivered within PENDING_S.

        Under load they are merely late, and reading all of them would make them later: after
        PENDING_ROUND_S the rest waits for the next round, and those read wait until all others
        were.
        """
        pending, clock = self._registry.pending, self._services.clock
        started_at = clock()
        overdue = [bid for bid, since in pending.items() if since <= started_at - PENDING_S]
        for bids in batches(overdue, PENDING_BATCH):
            for bid in bids:
                if pending.pop(bid, None) is not None:
                    pending[bid] = started_at
            for known in self._services.bidding.decided([UUID(bid) for bid in bids]):
                self._deliveries.outcome(known)
            if clock() - started_at > PENDING_ROUND_S:
                return

    def _send_outcomes(self, users: list[int], since: float) -> None:
        """Send the outcomes of users here, whichever gateway the bids were sent to."""
        for batch in self._services.bidding.decided_lately(users, self._within_s(since)):
            for known in batch:
                self._deliveries.outcome_unless_delivered(known)

    def _send_refusals(self, users: list[int], since: float) -> None:
        for batch in self._services.bidding.refused_lately(users, self._within_s(since)):
            for refused in batch:
                self._deliveries.refusal(refused.auction_id, refused.refusal)

    def _send_notices(self, users: list[int], since: float) -> None:
        for batch in self._services.user_notices.published_lately(users, self._within_s(since)):
            for notice in batch:
                self._deliveries.notice(notice)

    def _within_s(self, since: float) -> float:
        """Return how many seconds back to look for what was published since `since`."""
        return self._services.clock() - since + PUBLISHING_S_MAX

    def _close_ended(self) -> None:
        """Close the sockets of sessions whose end was missed."""
        here = self._registry.session_ids()
        for session_id in set(here) - self._services.living_sessions(here):
            for connection in self._registry.of_session(session_id):
                connection.close(CloseCode.UNAUTHENTICATED, "signed out")

    def _resume_channel(self, name: str) -> None:
        kind, number = kind_and_number(name)
        if name == AUCTIONS:
            self._hub.prices.push(self._services.live.prices())
        elif kind == AUCTION:
            self._resume_auction(int(number))
        else:
            tail_max = self._services.limits.room_tail_messages
            self._hub.rooms.fill(self._services.chat, int(number), tail_max)

    def _resume_auction(self, auction_id: int) -> None:
        views, bids_max = self._services.auction_views, self._services.limits.snapshot_bids
        try:
            shown = views.snapshot(auction_id, None, bids_max)
        except NotFoundError:
            log.warning("resume_unknown", auction_id=auction_id)
            return
        self._hub.auctions.offer(auction_id, with_bids(shown.auction, shown.bids))
