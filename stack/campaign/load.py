"""The load: who comes, and how the house is brought to rest."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from app.settings import read_settings
from stack.campaign.admin import Admin
from stack.campaign.bidder import Bidder, Habits
from stack.campaign.duplicates import Duplicates
from stack.campaign.ground import Ground
from stack.campaign.journal import Journal
from stack.campaign.market import PLACES, SHORT_PLACES, Market, Seller
from stack.campaign.people import Person
from stack.campaign.probe import Probe
from stack.campaign.requester import Requester
from stack.campaign.watcher import Scene, Watcher
from stack.progress import shown
from stack.slowness import Deadline

BIDDERS, REQUESTERS, WATCHERS = 14, 6, 4
BIDS_PER_S = 60.0  # of all of them, unless another rate is asked for
ROOMS = 3
MESSAGES_PER_S = 0.3  # of each bidder at a socket
PLACES_A_BIDDER, PLACES_A_WATCHER = 3, 6
FLOWING_S = 30.0
TURN_S = 0.1


class Load:
    """Everybody who uses the house. Nobody bids before `go_on`."""

    def __init__(
        self, ground: Ground, journal: Journal, rng: random.Random, *, bids_per_s: float
    ) -> None:
        self.market = Market()
        self.scene = Scene(ground.door, self.market, journal)
        self.duplicates = Duplicates(read_settings(ground.stack.environment()))
        self._rng, self._placing = rng, threading.Event()
        self._bids_per_s = bids_per_s
        # With several brokers lots are led by all of them; with one, any lot tells.
        several = ground.settings.brokers > 1
        self._probed = range(PLACES - SHORT_PLACES) if several else range(1)
        self._seller = Seller(self._person("seller"), self.market, self._child())
        self._seller.fill(range(PLACES))
        self._rooms = self._open_rooms(self._person("host"))
        self.watchers = [self._watcher(number) for number in range(WATCHERS)]
        self.bidders = [self._bidder(number) for number in range(BIDDERS)]
        self._requesters = [self._requester(number) for number in range(REQUESTERS)]
        self.probe = self._probe()
        self._admin = self._make_admin(ground)

    @classmethod
    @contextmanager
    def open(
        cls, ground: Ground, journal_file: Path, rng: random.Random, *, bids_per_s: float
    ) -> Iterator[Self]:
        """Everybody is there; they go home when it is left."""
        with shown(f"{PLACES} lots, {BIDDERS + REQUESTERS} bidders"):
            load = cls(ground, Journal(journal_file), rng, bids_per_s=bids_per_s)
        for one in load._everybody:
            one.start()
        try:
            yield load
        finally:
            for one in load._everybody:
                one.leave()
            for one in load._everybody:
                one.join()
            load.duplicates.close()
            load.scene.journal.close()

    def go_on(self) -> bool:
        """Bid, talk and sell; returns once outcomes come, False when none do."""
        self._seller.open.set()
        self._placing.set()
        told, deadline = self.market.told, Deadline(FLOWING_S)
        while self.market.told < told + self._bids_per_s:
            if deadline.passed():
                return False
            time.sleep(TURN_S)
        return True

    def pause(self) -> None:
        """Nobody begins anything new; what was begun is brought to its end."""
        self._placing.clear()
        self._seller.open.clear()

    @property
    def _everybody(self) -> tuple[Seller | Watcher | Requester | Admin, ...]:
        return (self._seller, self._admin, *self.watchers, *self.bidders, *self._requesters)

    @property
    def gone(self) -> list[str]:
        """Whose thread an error of ours has ended; what waits for it will wait for ever."""
        return [one.name for one in self._everybody if not one.is_alive()]

    @property
    def open_ends(self) -> int:
        """How many bids, messages and voids have no final answer."""
        at_sockets = sum(bidder.open for bidder in self.bidders)
        by_http = sum(requester.open for requester in self._requesters)
        return at_sockets + by_http + self._admin.open

    def _open_rooms(self, host: Person) -> list[int]:
        lots = [lot for lot in self.market.lots[:ROOMS] if lot]
        bodies = [{"type": "auction", "auction_id": lot.auction_id} for lot in lots]
        return [int(host.call("POST", "/api/rooms", body)["id"]) for body in bodies]

    def _watcher(self, number: int) -> Watcher:
        places = self._rng.sample(range(PLACES), PLACES_A_WATCHER)
        return Watcher(f"watcher-{number}", self.scene, rng=self._child(), places=places)

    def _bidder(self, number: int) -> Bidder:
        person, room_id = self._person(f"bidder-{number}"), self._rooms[number % ROOMS]
        person.call("POST", f"/api/rooms/{room_id}/join")
        rate = self._bids_per_s / (BIDDERS + REQUESTERS)
        return Bidder(
            person.nickname,
            self.scene,
            rng=self._child(),
            places=self._rng.sample(range(PLACES), PLACES_A_BIDDER),
            person=person,
            habits=Habits(self._placing, self.duplicates, rate, room_id, MESSAGES_PER_S),
        )

    def _requester(self, number: int) -> Requester:
        person = self._person(f"requester-{number}")
        rate = self._bids_per_s / (BIDDERS + REQUESTERS)
        return Requester(
            person.nickname,
            self.scene,
            rng=self._child(),
            places=range(PLACES),
            person=person,
            habits=Habits(self._placing, self.duplicates, rate),
        )

    def _probe(self) -> Probe:
        person, room_id = self._person("prober"), self._rooms[0]
        person.call("POST", f"/api/rooms/{room_id}/join")
        habits = Habits(self._placing, self.duplicates)
        resident = Bidder(
            "prober", self.scene, rng=self._child(), places=[0], person=person, habits=habits
        )
        self.bidders.append(resident)
        return Probe(person, resident, self.scene, room_id=room_id, places=self._probed)

    def _make_admin(self, ground: Ground) -> Admin:
        person = self._person("chief")
        ground.sql(f"UPDATE users SET role = 'admin' WHERE id = {person.id}")  # noqa: S608 - ours
        person.log_in()
        authors = [one.author for one in self.bidders]
        authors += [one.author for one in self._requesters]
        return Admin(
            person,
            self.market,
            bidder_ids=[author.user_id for author in authors if author.user_id],
            placing=self._placing,
            rng=self._child(),
        )

    def _person(self, nickname: str) -> Person:
        person = Person(self.scene.door, nickname)
        person.sign_up()
        return person

    def _child(self) -> random.Random:
        """A source of chance of its own: threads would otherwise draw in any order."""
        return random.Random(self._rng.getrandbits(64))
