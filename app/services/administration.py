"""Administration of users: lists, roles, bid limits, suspensions and bans."""

import re
from functools import partial
from typing import Protocol

from msgspec import UNSET

from app.domain.errors import ForbiddenError, NotFoundError
from app.domain.money import CURRENCIES, Currency
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.resources import AdminUser, Listed, UserChange, UserQuery
from app.services.accounts import Account
from app.services.granting import BidLimits
from app.services.pages import page_by_id
from app.services.sessions import UserSessions

ID = re.compile(r"[1-9][0-9]{0,17}")


class AdministeredUsers(Protocol):
    """Stored accounts. Methods raise BusyError when the store cannot answer."""

    def by_email(self, email: str) -> Account | None:
        """Return the account with this address, ignoring the case of letters."""
        ...

    def by_id(self, user_id: int) -> Account | None:
        """Return the account with this id."""
        ...

    def page(self, query: UserQuery, *, after_id: int | None, limit: int) -> list[AdminUser]:
        """Return at most `limit` users, newest first, after one of them."""
        ...

    def change(self, user_id: int, change: UserChange) -> AdminUser | None:
        """Set role and status; return the changed user, None when there is none."""
        ...


class Administration:
    """The use-cases of admins and operators on users."""

    def __init__(self, users: AdministeredUsers, sessions: UserSessions, limits: BidLimits) -> None:
        self._users, self._sessions, self._limits = users, sessions, limits

    def find(self, who: str) -> int:
        """Return the id of the user with this e-mail or id. Raise NotFoundError."""
        is_id = ID.fullmatch(who) is not None
        account = self._users.by_id(int(who)) if is_id else self._users.by_email(who)
        if account is None:
            raise NotFoundError(f"nobody has the {'id' if is_id else 'e-mail'} {who}")
        return account.user.id

    def find_admin(self, who: str) -> int:
        """As `find`. Raise ForbiddenError when the user is not an admin."""
        user_id = self.find(who)
        account = self._users.by_id(user_id)
        if account is None or account.user.role != "admin":
            raise ForbiddenError(detail=f"{who} is no admin")
        return user_id

    def page(self, query: UserQuery) -> Listed[AdminUser]:
        """Return a page of users, newest first. Raise InvalidError."""
        return page_by_id(query, "users", partial(self._users.page, query))

    def change_by_admin(self, admin_id: int, user_id: int, change: UserChange) -> AdminUser:
        """As `change`. Raise ForbiddenError for the admin's own account: the last admin could lock
        everybody out."""
        if admin_id == user_id:
            raise ForbiddenError(detail="nobody changes their own role or status")
        return self.change(user_id, change, by=f"user:{admin_id}")

    def change(self, user_id: int, change: UserChange, *, by: str) -> AdminUser:
        """Set role, status and bid limits. All sessions of the user end, unless the change only
        grants something.

        Raise NotFoundError, and BusyError, after which the same change may be made again.
        """
        limits = _limits(change)
        if limits:
            self._limits.set(user_id, limits)
            log_security(SecurityEvent.LIMIT_SET, by=by, user_id=user_id, limits=limits)
        user = self._users.change(user_id, change)
        if user is None:
            raise NotFoundError("no such user")
        if _takes(change):
            self._sessions.end_all(user_id)
        if change.role is not UNSET:
            log_security(SecurityEvent.ROLE_CHANGED, by=by, user_id=user_id, role=user.role)
        if change.status is not UNSET:
            log_security(SecurityEvent.STATUS_CHANGED, by=by, user_id=user_id, status=user.status)
        return user


def _limits(change: UserChange) -> dict[Currency, int]:
    if change.bid_limits is UNSET:
        return {}
    limits = {currency: getattr(change.bid_limits, currency.lower()) for currency in CURRENCIES}
    return {currency: limit for currency, limit in limits.items() if limit is not UNSET}


def _takes(change: UserChange) -> bool:
    return change.role in ("user", "moderator") or change.status in ("suspended", "banned")
