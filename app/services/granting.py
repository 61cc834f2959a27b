"""Changing bid limits and sellers' blocks; every gateway is notified."""

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from app.domain.errors import FieldFault, InvalidError
from app.domain.money import Currency
from app.protocol.resources import Block, Listed, Page
from app.services.pages import page_by_id


class RightsNotifier(Protocol):
    """Notifies gateways of changed rights; never raises."""

    def changed(self, user_id: int, seller_id: int | None = None) -> None:
        """Publish that the rights of the user have changed, in general or towards this seller."""


class StoredLimits(Protocol):
    """Bid limits set for single users. Methods raise BusyError."""

    def limits(self, user_id: int) -> dict[Currency, int]:
        """Return the user's limits by currency, in minor units."""
        ...

    def set_limits(self, user_id: int, limits: Mapping[Currency, int]) -> None:
        """Replace the named limits. Raise NotFoundError when there is no such user."""


class StoredBlocks(Protocol):
    """Users blocked by sellers. Methods raise BusyError."""

    def blocks(self, seller_id: int, *, after_id: int | None, limit: int) -> list[Block]:
        """Return at most `limit` blocks, by user id, after the one of this user."""
        ...

    def block(self, seller_id: int, user_id: int, *, at_most: int) -> None:
        """Block the user. Raise NotFoundError, and ConflictError when there are `at_most` blocks
        already."""

    def unblock(self, seller_id: int, user_id: int) -> bool:
        """Remove the block; return False when there was none."""
        ...


class BidLimits:
    """Bid limits: the defaults, unless an admin has set a user's own."""

    def __init__(
        self, stored: StoredLimits, notifier: RightsNotifier, *, defaults: Mapping[Currency, int]
    ) -> None:
        self._stored, self._notifier, self._defaults = stored, notifier, defaults

    def of(self, user_id: int) -> dict[Currency, int]:
        """Return the limits of the user by currency, in minor units."""
        return {**self._defaults, **self._stored.limits(user_id)}

    def set(self, user_id: int, limits: Mapping[Currency, int]) -> None:
        """Set the named limits. Raise NotFoundError.

        A leading bid above its new limit stays.
        """
        self._stored.set_limits(user_id, limits)
        self._notifier.changed(user_id)


class Blocks:
    """Users who may not bid on a seller's auctions; their earlier bids stay."""

    def __init__(self, stored: StoredBlocks, notifier: RightsNotifier, *, at_most: int) -> None:
        self._stored, self._notifier, self._at_most = stored, notifier, at_most

    def page(self, seller_id: int, query: Page) -> Listed[Block]:
        """Return a page of blocks, by user id."""
        return page_by_id(
            query, "blocks", partial(self._stored.blocks, seller_id), id_of=lambda one: one.user.id
        )

    def block(self, seller_id: int, user_id: int) -> None:
        """Block the user's future bids. Raise InvalidError, NotFoundError, ConflictError."""
        if seller_id == user_id:
            fault = FieldFault("user_id", "INVALID", "nobody can block themselves")
            raise InvalidError([fault])
        self._stored.block(seller_id, user_id, at_most=self._at_most)
        self._notifier.changed(user_id, seller_id)

    def unblock(self, seller_id: int, user_id: int) -> None:
        """Remove the block, if there is one."""
        if self._stored.unblock(seller_id, user_id):
            self._notifier.changed(user_id, seller_id)
