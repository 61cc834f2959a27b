"""The load: all clients, and how it is paused and resumed."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from app.settings import read_settings
from stack.campaign.admin import Admin
from stack.campaign.bidder import Bidder
from stack.campaign.duplicates import Duplicates
from stack.campaign.environment import Environment
from stack.campaign.http_bidder import HttpBidder
from stack.campaign.journal import Journal
from stack.campaign.market import SHORT_SLOTS, SLOTS, Market, Seller
from stack.campaign.probe import Probe
from stack.campaign.threads import StoppableThread
from stack.campaign.watcher import ClientSettings, Context, Watcher
from stack.client import User
from stack.progress import shown
from stack.slowness import Deadline

BIDDERS, HTTP_BIDDERS, WATCHERS = 14, 6, 4
BIDS_PER_S = 60.0  # of all of them, unless another rate is given
ROOMS = 3
MESSAGES_PER_S = 0.3  # of each bidder at a socket
SLOTS_PER_BIDDER, SLOTS_PER_WATCHER = 3, 6
FIRST_OUTCOMES_S = 30.0


class Load:
    """All clients. There are no bids before `resume`."""

    def __init__(
        self, environment: Environment, journal: Journal, rng: random.Random, *, bids_per_s: float
    ) -> None:
        self.market, self.endpoint = Market(), environment.endpoint
        self.duplicates = Duplicates(read_settings(environment.stack.environment()))
        self.context = Context(self.endpoint, self.market, journal, duplicates=self.duplicates)
        self._rng, self._bids_per_s = rng, bids_per_s
        self._each_bids_per_s = bids_per_s / (BIDDERS + HTTP_BIDDERS)
        # With several brokers lots are led by all of them; with one, any lot is enough.
        several = environment.settings.brokers > 1
        self._probed = range(SLOTS - SHORT_SLOTS) if several else range(1)
        self._seller = Seller(self.endpoint.sign_up("seller"), self.market, self._new_rng())
        self._seller.fill(range(SLOTS))
        self._rooms = self._open_rooms(self.endpoint.sign_up("host"))
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
        self.context.placing.set()
        wanted = self.market.outcomes + self._bids_per_s
        return Deadline(FIRST_OUTCOMES_S).wait(lambda: self.market.outcomes >= wanted)

    def pause(self) -> None:
        """Make no new bids, messages or lots; what was begun is finished."""
        self.context.placing.clear()
        self._seller.open.clear()

    @property
    def _threads(self) -> tuple[StoppableThread, ...]:
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

    def _open_rooms(self, host: User) -> list[int]:
        lots = [lot for lot in self.market.lots[:ROOMS] if lot]
        bodies = [{"type": "auction", "auction_id": lot.auction_id} for lot in lots]
        return [int(host.call("POST", "/api/rooms", body)["id"]) for body in bodies]

    def _watcher(self, number: int) -> Watcher:
        slots = self._rng.sample(range(SLOTS), SLOTS_PER_WATCHER)
        return Watcher(self._settings(f"watcher-{number}", slots))

    def _bidder(self, number: int) -> Bidder:
        name, slots = f"bidder-{number}", self._rng.sample(range(SLOTS), SLOTS_PER_BIDDER)
        user, room_id = self._member(name, number), self._rooms[number % ROOMS]
        rate = self._each_bids_per_s
        return Bidder(self._settings(name, slots, user=user, room_id=room_id, bids_per_s=rate))

    def _http_bidder(self, number: int) -> HttpBidder:
        name = f"http-bidder-{number}"
        user, rate = self.endpoint.sign_up(name), self._each_bids_per_s
        return HttpBidder(self._settings(name, range(SLOTS), user=user, bids_per_s=rate), user)

    def _probe(self) -> Probe:
        user = self._member("prober", 0)
        tracker = Bidder(self._settings("prober", [0], user=user))
        self.bidders.append(tracker)
        return Probe(user, tracker, self.context, room_id=self._rooms[0], slots=self._probed)

    def _make_admin(self, environment: Environment) -> Admin:
        user = self.endpoint.sign_up("chief")
        environment.sql(f"UPDATE users SET role = 'admin' WHERE id = {user.id}")  # noqa: S608 - ours
        user.log_in()
        authors = [one.author for one in self.bidders]
        authors += [one.author for one in self._http_bidders]
        ids = [author.user_id for author in authors if author.user_id]
        return Admin(user, self.context, bidder_ids=ids, rng=self._new_rng())

    def _member(self, name: str, number: int) -> User:
        """A new user, who has joined a room."""
        user = self.endpoint.sign_up(name)
        user.call("POST", f"/api/rooms/{self._rooms[number % ROOMS]}/join")
        return user

    def _settings(
        self,
        name: str,
        slots: Sequence[int],
        *,
        user: User | None = None,
        room_id: int | None = None,
        bids_per_s: float = 0.0,
    ) -> ClientSettings:
        return ClientSettings(
            name=name,
            context=self.context,
            rng=self._new_rng(),
            slots=slots,
            user=user,
            room_id=room_id,
            bids_per_s=bids_per_s,
            messages_per_s=MESSAGES_PER_S,
        )

    def _new_rng(self) -> random.Random:
        """Return a random generator of its own: threads that share one would draw in any order."""
        return random.Random(self._rng.getrandbits(64))
