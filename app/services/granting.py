"""Changing who may bid what: an admin's limits, a seller's blocks. Every gateway is told."""

from collections.abc import Mapping
from typing import Final, Protocol

from app.domain.errors import FieldFault, InvalidError
from app.domain.money import Currency
from app.protocol.resources import Block, Page
from app.services.cursors import read_cursor, write_cursor

ORDER: Final = "blocks"


class RightsNotifier(Protocol):
    """How gateways learn of it; never raises."""

    def changed(self, user_id: int, seller_id: int | None = None) -> None:
        """Of the user, or between them and this seller."""


class StoredLimits(Protocol):
    """Bid limits that are a user's own. All raise BusyError."""

    def limits(self, user_id: int) -> dict[Currency, int]:
        """By currency, in minor units."""
        ...

    def set_limits(self, user_id: int, limits: Mapping[Currency, int]) -> None:
        """Replace those that are named. Raises NotFoundError when there is no such user."""


class StoredBlocks(Protocol):
    """Whom sellers have blocked. All raise BusyError."""

    def blocks(self, seller_id: int, *, after_id: int, limit: int) -> list[Block]:
        """By id of the user."""
        ...

    def block(self, seller_id: int, user_id: int, *, at_most: int) -> None:
        """Raises NotFoundError, and ConflictError when there are so many already."""

    def unblock(self, seller_id: int, user_id: int) -> bool:
        """False when they were not blocked."""
        ...


class BidLimits:
    """Limits: everybody's, until an admin sets a user's own. Nothing else raises one."""

    def __init__(
        self, stored: StoredLimits, notifier: RightsNotifier, *, defaults: Mapping[Currency, int]
    ) -> None:
        self._stored, self._notifier, self._defaults = stored, notifier, defaults

    def of(self, user_id: int) -> dict[Currency, int]:
        """The limits that hold for the user, in minor units."""
        return {**self._defaults, **self._stored.limits(user_id)}

    def set(self, user_id: int, limits: Mapping[Currency, int]) -> None:
        """Set those that are named. Raises NotFoundError.

        A leading bid above its new limit stays.
        """
        self._stored.set_limits(user_id, limits)
        self._notifier.changed(user_id)


class Blocks:
    """Whom a seller lets bid on none of their auctions; bids they have made stay."""

    def __init__(self, stored: StoredBlocks, notifier: RightsNotifier, *, at_most: int) -> None:
        self._stored, self._notifier, self._at_most = stored, notifier, at_most

    def page(self, seller_id: int, page: Page) -> tuple[list[Block], str | None]:
        """A page, and the cursor of the next."""
        after = read_cursor(page.cursor, ORDER)
        after_id = after[1] if after else 0
        found = self._stored.blocks(seller_id, after_id=after_id, limit=page.limit + 1)
        shown = found[: page.limit]
        more = len(found) > page.limit
        return shown, write_cursor(ORDER, 0, shown[-1].user.id) if more else None

    def block(self, seller_id: int, user_id: int) -> None:
        """Refuse their bids from now on. Raises InvalidError, NotFoundError, ConflictError."""
        if seller_id == user_id:
            fault = FieldFault("user_id", "INVALID", "nobody can block themselves")
            raise InvalidError([fault])
        self._stored.block(seller_id, user_id, at_most=self._at_most)
        self._notifier.changed(user_id, seller_id)

    def unblock(self, seller_id: int, user_id: int) -> None:
        """Let them bid again; no matter whether they were blocked."""
        if self._stored.unblock(seller_id, user_id):
            self._notifier.changed(user_id, seller_id)
