"""What the drill's own clients receive and show, from before the loss to after it: the journal
that the audit compares with the log and the stores."""

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from stack.campaign.idle import ScreenComparison
from stack.campaign.journal import Author, Journal
from stack.campaign.market import Lot, Market
from stack.campaign.watcher import ClientSettings, Context, Watcher
from stack.client import OUTCOME, RECEIPT, Endpoint, User
from stack.websocket_client import Frame


class Observer:
    """A journal of what bidders receive, and a guest who watches one auction all along."""

    def __init__(self, endpoint: Endpoint, directory: Path, auction_id: int) -> None:
        self._directory, market = directory, Market()
        market.lots[0] = Lot(auction_id, over_at=math.inf)
        self._context = Context(endpoint, market, Journal(directory / "clients.jsonl"))
        rng = random.Random()  # noqa: S311
        self._guest = Watcher(
            ClientSettings(name="guest", context=self._context, rng=rng, slots=[0])
        )

    @classmethod
    @contextmanager
    def open(cls, endpoint: Endpoint, directory: Path, auction_id: int) -> Iterator[Self]:
        """Let the guest watch this auction until the end; it reconnects by itself."""
        observer = cls(endpoint, directory, auction_id)
        observer._guest.start()
        try:
            yield observer
        finally:
            observer._guest.stop()
            observer._guest.join()
            observer._context.journal.close()

    def receipt(self, bidder: User, answer: Frame) -> None:
        """Record a receipt of this bidder."""
        self._record(bidder, {"type": "bid.received", **{name: answer[name] for name in RECEIPT}})

    def outcome(self, bidder: User, answer: Frame) -> None:
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

    def _record(self, bidder: User, frame: Frame) -> None:
        self._context.journal.write(Author(bidder.email, bidder.id, "http"), "told", frame)
