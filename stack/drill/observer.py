"""What the drill's own clients receive and show, from before the loss to after it: the journal
that the audit compares with the log and the stores."""

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from stack.campaign.http_bidder import OUTCOME, RECEIPT
from stack.campaign.idle import ScreenComparison
from stack.campaign.journal import Author, Journal
from stack.campaign.market import Lot, Market
from stack.campaign.people import Endpoint
from stack.campaign.watcher import Context, Watcher
from stack.drill.market import Person
from stack.runtime import Stack
from stack.websocket_client import Frame


class Observer:
    """A journal of what bidders receive, and a guest who watches one auction all along."""

    def __init__(self, stack: Stack, auction_id: int) -> None:
        addresses = stack.addresses()
        self._directory = stack.places.data_dir
        endpoint, market = Endpoint(addresses["BASE_URL"], addresses["WS_URL"]), Market()
        market.lots[0] = Lot(auction_id, over_at=math.inf)
        self._context = Context(endpoint, market, Journal(self._directory / "clients.jsonl"))
        self._guest = Watcher("guest", self._context, rng=random.Random(), slots=[0])  # noqa: S311

    @classmethod
    @contextmanager
    def open(cls, stack: Stack, auction_id: int) -> Iterator[Self]:
        """Let the guest watch this auction until the end; it reconnects by itself."""
        observer = cls(stack, auction_id)
        observer._guest.start()
        try:
            yield observer
        finally:
            observer._guest.stop()
            observer._guest.join()
            observer._context.journal.close()

    def receipt(self, bidder: Person, answer: Frame) -> None:
        """Record a receipt of this bidder."""
        self._record(bidder, {"type": "bid.received", **{name: answer[name] for name in RECEIPT}})

    def outcome(self, bidder: Person, answer: Frame) -> None:
        """Record the outcome of a bid of this bidder."""
        self._record(bidder, {"type": "bid.result", **{name: answer[name] for name in OUTCOME}})

    def shows_current_state(self) -> bool:
        """Whether the guest shows what a new client gets; if so, both go into the journal."""
        comparison = ScreenComparison(self._context, [self._guest])
        if not self._guest.shown or comparison.compare():
            return False
        comparison.write()
        return True

    def rotate_journal(self) -> Path:
        """Return the journal so far; what clients receive from now on goes into another file."""
        return self._context.journal.rotate(self._directory / "clients-later.jsonl")

    def _record(self, bidder: Person, frame: Frame) -> None:
        self._context.journal.write(Author(bidder.email, bidder.user_id, "http"), "told", frame)
