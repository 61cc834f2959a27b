"""Changing the e-mail address of an account: requested here, effective once the new address is
verified."""

from app.domain.errors import UnauthenticatedError
from app.protocol.resources import EmailChange
from app.services.accounts import Identity, Users
from app.services.mails import Mails
from app.services.reauthentication import Reauthentication


class EmailChanges:
    """Requests of another address; `Recovery.verify` completes them."""

    def __init__(self, users: Users, mails: Mails, reauthentication: Reauthentication) -> None:
        self._users, self._mails, self._reauthentication = users, mails, reauthentication

    def request(self, identity: Identity, change: EmailChange) -> None:
        """Send a link to the new address; until it is used the account keeps its address.

        Raise InvalidError for a wrong password, ForbiddenError for an account without one that
        logged in too long ago, RateLimitedError after too many wrong passwords or mails.
        """
        account = self._users.by_id(identity.user_id)
        if account is None:
            raise UnauthenticatedError(detail="no such user any more")
        self._reauthentication.check(identity, account.password_hash, change.password)
        self._mails.request_change(identity.user_id, change.email)
