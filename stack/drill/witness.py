"""What the drill's own clients are told and shown, from before the loss to after it: the journal
that the audit holds against the log and the stores."""

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from stack.campaign.journal import Author, Frame, Journal
from stack.campaign.market import Lot, Market
from stack.campaign.people import Door
from stack.campaign.requester import OUTCOME, RECEIPT
from stack.campaign.rest import Look
from stack.campaign.watcher import Scene, Watcher
from stack.drill.market import Person
from stack.runtime import Stack


class Witness:
    """A journal of what bidders are told, and a guest whose screen shows one auction all along."""

    def __init__(self, stack: Stack, auction_id: int) -> None:
        addresses = stack.addresses()
        self._directory = stack.places.data_dir
        door, market = Door(addresses["BASE_URL"], addresses["WS_URL"]), Market()
        market.lots[0] = Lot(auction_id, over_at=math.inf)
        self._scene = Scene(door, market, Journal(self._directory / "clients.jsonl"))
        self._guest = Watcher("guest", self._scene, rng=random.Random(), places=[0])  # noqa: S311

    @classmethod
    @contextmanager
    def open(cls, stack: Stack, auction_id: int) -> Iterator[Self]:
        """The guest watches this auction, and comes back by itself, until it is left."""
        witness = cls(stack, auction_id)
        witness._guest.start()
        try:
            yield witness
        finally:
            witness._guest.leave()
            witness._guest.join()
            witness._scene.journal.close()

    def receipt(self, bidder: Person, said: Frame) -> None:
        """The bidder has this receipt."""
        self._told(bidder, {"type": "bid.received", **{name: said[name] for name in RECEIPT}})

    def outcome(self, bidder: Person, said: Frame) -> None:
        """The bidder has this outcome of an own bid."""
        self._told(bidder, {"type": "bid.result", **{name: said[name] for name in OUTCOME}})

    def shows_what_a_newcomer_sees(self) -> bool:
        """Compare the guest's screen with a newcomer's; the journal has both when they agree."""
        look = Look(self._scene, [self._guest])
        if not self._guest.shown or look.again():
            return False
        look.write()
        return True

    def complete_journal(self) -> Path:
        """Return the journal so far, whole on the disk; what is told from now on is not in it."""
        return self._scene.journal.turn(self._directory / "clients-later.jsonl")

    def _told(self, bidder: Person, frame: Frame) -> None:
        self._scene.journal.write(Author(bidder.email, bidder.user_id, "http"), "told", frame)
