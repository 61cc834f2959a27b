"""The load: all clients, and how it is paused and resumed."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from app.settings import read_settings
from stack.campaign.admin import Admin
from stack.campaign.bidder import Behaviour, Bidder
from stack.campaign.duplicates import Duplicates
from stack.campaign.environment import Environment
from stack.campaign.http_bidder import HttpBidder
from stack.campaign.journal import Journal
from stack.campaign.market import SHORT_SLOTS, SLOTS, Market, Seller
from stack.campaign.people import Person
from stack.campaign.probe import Probe
from stack.campaign.watcher import Context, Watcher
from stack.progress import shown
from stack.slowness import Deadline

BIDDERS, HTTP_BIDDERS, WATCHERS = 14, 6, 4
BIDS_PER_S = 60.0  # of all of them, unless another rate is asked for
ROOMS = 3
MESSAGES_PER_S = 0.3  # of each bidder at a socket
SLOTS_PER_BIDDER, SLOTS_PER_WATCHER = 3, 6
FIRST_OUTCOMES_S = 30.0
TURN_S = 0.1


class Load:
    """All clients. There are no bids before `resume`."""

    def __init__(
        self, environment: Environment, journal: Journal, rng: random.Random, *, bids_per_s: float
    ) -> None:
        self.market = Market()
        self.context = Context(environment.endpoint, self.market, journal)
        self.duplicates = Duplicates(read_settings(environment.stack.environment()))
        self._rng, self._placing = rng, threading.Event()
        self._bids_per_s = bids_per_s
        # With several brokers lots are led by all of them; with one, any lot is enough.
        several = environment.settings.brokers > 1
        self._probed = range(SLOTS - SHORT_SLOTS) if several else range(1)
        self._seller = Seller(self._person("seller"), self.market, self._new_rng())
        self._seller.fill(range(SLOTS))
        self._rooms = self._open_rooms(self._person("host"))
        self.watchers = [self._watcher(number) for number in range(WATCHERS)]
        self.bidders = [self._bidder(number) for number in range(BIDDERS)]
        self._http_bidders = [self._http_bidder(number) for number in range(HTTP_BIDDERS)]
        self.probe = self._probe()
        self._admin = self._make_admin(environment)

    @classmethod
    @contextmanager
    def open(
        cls, environment: Environment, journal_file: Path, rng: random.Random, *, bids_per_s: float
    ) -> Iterator[Self]:
        """Start all clients; stop them at the end."""
        with shown(f"{SLOTS} lots, {BIDDERS + HTTP_BIDDERS} bidders"):
            load = cls(environment, Journal(journal_file), rng, bids_per_s=bids_per_s)
        for one in load._threads:
            one.start()
        try:
            yield load
        finally:
            for one in load._threads:
                one.stop()
            for one in load._threads:
                one.join()
            load.duplicates.close()
            load.context.journal.close()

    def resume(self) -> bool:
        """Bid, talk and sell; returns once outcomes come, False when none do."""
        self._seller.open.set()
        self._placing.set()
        outcomes, deadline = self.market.outcomes, Deadline(FIRST_OUTCOMES_S)
        while self.market.outcomes < outcomes + self._bids_per_s:
            if deadline.passed():
                return False
            time.sleep(TURN_S)
        return True

    def pause(self) -> None:
        """Make no new bids, messages or lots; what was begun is finished."""
        self._placing.clear()
        self._seller.open.clear()

    @property
    def _threads(self) -> tuple[Seller | Watcher | HttpBidder | Admin, ...]:
        return (self._seller, self._admin, *self.watchers, *self.bidders, *self._http_bidders)

    @property
    def dead_threads(self) -> list[str]:
        """The names of threads that have died of an error; what waits for them waits for ever."""
        return [one.name for one in self._threads if not one.is_alive()]

    @property
    def pending_count(self) -> int:
        """How many bids, messages and voids have no final answer."""
        at_sockets = sum(bidder.pending for bidder in self.bidders)
        by_http = sum(bidder.pending for bidder in self._http_bidders)
        return at_sockets + by_http + self._admin.pending

    def _open_rooms(self, host: Person) -> list[int]:
        lots = [lot for lot in self.market.lots[:ROOMS] if lot]
        bodies = [{"type": "auction", "auction_id": lot.auction_id} for lot in lots]
        return [int(host.call("POST", "/api/rooms", body)["id"]) for body in bodies]

    def _watcher(self, number: int) -> Watcher:
        slots = self._rng.sample(range(SLOTS), SLOTS_PER_WATCHER)
        return Watcher(f"watcher-{number}", self.context, rng=self._new_rng(), slots=slots)

    def _bidder(self, number: int) -> Bidder:
        person, room_id = self._person(f"bidder-{number}"), self._rooms[number % ROOMS]
        person.call("POST", f"/api/rooms/{room_id}/join")
        rate = self._bids_per_s / (BIDDERS + HTTP_BIDDERS)
        return Bidder(
            person.nickname,
            self.context,
            rng=self._new_rng(),
            slots=self._rng.sample(range(SLOTS), SLOTS_PER_BIDDER),
            person=person,
            behaviour=Behaviour(self._placing, self.duplicates, rate, room_id, MESSAGES_PER_S),
        )

    def _http_bidder(self, number: int) -> HttpBidder:
        person = self._person(f"http-bidder-{number}")
        rate = self._bids_per_s / (BIDDERS + HTTP_BIDDERS)
        return HttpBidder(
            person.nickname,
            self.context,
            rng=self._new_rng(),
            slots=range(SLOTS),
            person=person,
            behaviour=Behaviour(self._placing, self.duplicates, rate),
        )

    def _probe(self) -> Probe:
        person, room_id = self._person("prober"), self._rooms[0]
        person.call("POST", f"/api/rooms/{room_id}/join")
        behaviour = Behaviour(self._placing, self.duplicates)
        tracker = Bidder(
            "prober",
            self.context,
            rng=self._new_rng(),
            slots=[0],
            person=person,
            behaviour=behaviour,
        )
        self.bidders.append(tracker)
        return Probe(person, tracker, self.context, room_id=room_id, slots=self._probed)

    def _make_admin(self, environment: Environment) -> Admin:
        person = self._person("chief")
        environment.sql(f"UPDATE users SET role = 'admin' WHERE id = {person.id}")  # noqa: S608 - ours
        person.log_in()
        authors = [one.author for one in self.bidders]
        authors += [one.author for one in self._http_bidders]
        return Admin(
            person,
            self.market,
            bidder_ids=[author.user_id for author in authors if author.user_id],
            placing=self._placing,
            rng=self._new_rng(),
        )

    def _person(self, nickname: str) -> Person:
        person = Person(self.context.endpoint, nickname)
        person.sign_up()
        return person

    def _new_rng(self) -> random.Random:
        """Return a random generator of its own: threads that share one would draw in any order."""
        return random.Random(self._rng.getrandbits(64))
