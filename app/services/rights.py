"""Who may bid, and how much (rule 20): what a gateway writes into a bid's record.

Rights are cached, because a bid must not wait for the store. A change is published, and every
gateway reads the right again; when the message is missed, because Redis was away, the old right is
used for at most `rights_ttl_s`. The rights of those who go on bidding, or who watch what they may
bid on, are read together before they are needed: one by one each would delay a bid, and those of a
crowd all bids. Only a user who has not verified an e-mail address, where that is required, is
refused here; a limit and a block are outcomes of the record.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from msgspec import Struct

from app.domain.errors import ForbiddenError, UnauthenticatedError
from app.domain.money import AMOUNT_MAX, Currency
from app.services.batches import batches
from app.services.gathered_reads import GatheredReads
from app.services.ttl_cache import TtlCache
from app.settings import Limits

BIDDERS_CACHED_MAX: Final = 20_000  # three times the sockets of a gateway: 10 MB
PAIRS_CACHED_MAX: Final = 50_000  # a bidder and a seller: 10 MB
PAIRS_READ_MAX: Final = 500  # at once
REFRESH_SHARE: Final = 0.25  # of the longest time to live: with so much left it is read again

Pair = tuple[int, int]  # a bidder and a seller

NOT_PROVED: Final = "prove your e-mail address before your first bid"


@dataclass(frozen=True, slots=True)
class Bidder:
    """The stored rights of a user; `limits` where they differ from the defaults."""

    is_proved: bool
    limits: Mapping[Currency, int]


class Right(Struct, frozen=True):  # made for every bid: a dataclass takes five times as long
    """What goes into the record: the most they may bid, and whether the seller has blocked them."""

    limit: int
    blocked: bool


class StoredRights(Protocol):
    """The store of rights. Raise BusyError when it cannot answer."""

    def rights(self, pairs: Sequence[Pair]) -> Mapping[Pair, tuple[Bidder, bool]]:
        """Return, by pair, the user and whether this seller has blocked them, without the pairs
        of users that do not exist."""
        ...


class RightsToBid:
    """The rights of bidders, cached."""

    def __init__(
        self,
        stored: StoredRights,
        *,
        must_be_proved: bool,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`must_be_proved`: bidding requires a verified e-mail address. `clock` is in monotonic
        seconds."""
        self._stored, self._must_be_proved = stored, must_be_proved
        self._defaults = default_limits(limits)
        ttl_s = limits.rights_ttl_s
        self._refresh_s = ttl_s * REFRESH_SHARE
        self._bidders: TtlCache[int, Bidder] = TtlCache(
            BIDDERS_CACHED_MAX, ttl_s=ttl_s, is_spread=True, clock=clock
        )
        self._blocked: TtlCache[Pair, bool] = TtlCache(
            PAIRS_CACHED_MAX, ttl_s=ttl_s, is_spread=True, clock=clock
        )
        self._reads = GatheredReads(self._read, keys_max=PAIRS_READ_MAX)
        self._needed: set[Pair] = set()  # by bids since the last refresh, or soon
        self._changes = 0

    def remembered(self, user_id: int, seller_id: int, currency: Currency) -> Right | None:
        """As `of`, from the cache only; None when it is not cached."""
        pair = user_id, seller_id
        blocked = self._blocked.get(pair)
        bidder = self._bidders.get(user_id)
        if bidder is None or blocked is None:
            return None
        self._needed.add(pair)
        return self._right(bidder, currency, blocked=blocked)

    def of(self, user_id: int, seller_id: int, currency: Currency) -> Right:
        """Return the right to bid on this seller's auctions. Raise ForbiddenError for a user who
        may not bid at all, UnauthenticatedError for an unknown user."""
        right = self.remembered(user_id, seller_id, currency)
        if right is not None:
            return right
        pair = user_id, seller_id
        found = self._reads.get(pair)
        if found is None:
            raise UnauthenticatedError(detail="there is no such account")
        bidder, blocked = found
        if not self._may_bid(bidder):
            raise ForbiddenError(detail=NOT_PROVED)
        return self._right(bidder, currency, blocked=blocked)

    def expect(self, user_ids: Iterable[int], seller_id: int) -> None:
        """Let the next `refresh` read the rights of these users on this seller's auctions."""
        self._needed.update((user_id, seller_id) for user_id in user_ids)

    def refresh(self) -> None:
        """Read what bids have used, or are expected to, since the last call and what is not cached
        or would expire soon.

        To be called every second or so. Raise BusyError when the store cannot answer: what is not
        read then expires in its time.
        """
        needed, self._needed = self._needed, set()
        due = [
            pair
            for pair in needed
            if self._blocked.expires_within(pair, self._refresh_s)
            or self._bidders.expires_within(pair[0], self._refresh_s)
        ]
        for batch in batches(due, PAIRS_READ_MAX):
            self._read(batch)

    def forget(self, user_id: int, seller_id: int | None = None) -> None:
        """Something changed: of the user, or between them and this seller."""
        self._changes += 1
        if seller_id is None:
            self._bidders.forget(user_id)
        else:
            self._blocked.forget((user_id, seller_id))

    def clear(self) -> None:
        """Changes may have been missed."""
        self._changes += 1
        self._bidders.clear()
        self._blocked.clear()

    def _right(self, bidder: Bidder, currency: Currency, *, blocked: bool) -> Right:
        limit = bidder.limits.get(currency)
        return Right(self._defaults[currency] if limit is None else limit, blocked)

    def _read(self, pairs: Sequence[Pair]) -> Mapping[Pair, tuple[Bidder, bool]]:
        changes = self._changes
        found = self._stored.rights(pairs)
        # What changed while they were read may not be in them.
        if changes == self._changes:
            for pair, (bidder, blocked) in found.items():
                # Who may not bid is read each time: they come back as soon as they may.
                if self._may_bid(bidder):
                    self._bidders.put(pair[0], bidder)
                    self._blocked.put(pair, blocked)
        return found

    def _may_bid(self, bidder: Bidder) -> bool:
        return bidder.is_proved or not self._must_be_proved


def default_limits(limits: Limits) -> dict[Currency, int]:
    """Return the default bid limits by currency."""
    found: dict[Currency, int] = {
        "KRW": limits.bid_limit_krw,
        "JPY": limits.bid_limit_jpy,
        "USD": limits.bid_limit_usd,
        "EUR": limits.bid_limit_eur,
    }
    return {currency: min(limit, AMOUNT_MAX) for currency, limit in found.items()}
