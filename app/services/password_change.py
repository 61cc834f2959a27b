"""Changing an account's password with the current one."""

from app.domain.errors import FieldFault, InvalidError, UnauthenticatedError
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.resources import PasswordChange
from app.services.accounts import Identity, Passwords, Users
from app.services.profiles import Profiles, enforce_password, personal_texts
from app.services.reauthentication import Reauthentication
from app.services.sessions import Sessions


class PasswordChanges:
    """The use-case of a user who knows the current password."""

    def __init__(
        self,
        users: Users,
        sessions: Sessions,
        *,
        passwords: Passwords,
        profiles: Profiles,
        reauthentication: Reauthentication,
    ) -> None:
        self._users, self._sessions, self._passwords = users, sessions, passwords
        self._profiles, self._reauthentication = profiles, reauthentication

    def change(self, identity: Identity, request: PasswordChange) -> None:
        """Set a new password and end all sessions. Raise InvalidError, also when `current` is
        wrong, and RateLimitedError after too many wrong ones."""
        account = self._users.by_id(identity.user_id)
        if account is None:
            raise UnauthenticatedError(detail="no such user any more")
        personal = personal_texts(account.user.email, account.user.nickname)
        password = enforce_password(request.password, self._profiles, personal)
        before = account.password_hash
        self._reauthentication.check_password(identity, before, request.current, field="current")
        # Raises BusyError while sessions could not be ended: then nothing is changed, either.
        self._sessions.exists(identity.session_id)
        new = self._passwords.hash(password)
        if not self._users.set_password(identity.user_id, new, before=before):
            raise InvalidError([FieldFault("current", "WRONG", "is not the password any more")])
        self._sessions.end_all(identity.user_id, but=None)
        log_security(SecurityEvent.PASSWORD_CHANGED, user_id=identity.user_id)
