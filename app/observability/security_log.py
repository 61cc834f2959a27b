"""The security log: sign-ins, refusals, and uses of an operator's rights, in a stream of its own.

Every line has `stream` "security" and one of the events below; it never has an e-mail address, a
password, a token or the id of a session, which would end it. `address` is the client's, as limits
count it. The destination and the level are settings; docs/operations.md lists the events.
"""

import logging
import os
import sys
from enum import StrEnum
from typing import Any, Final, TextIO

import structlog
from cachetools import TTLCache

from app.observability.logging import json_lines
from app.settings import Settings, SettingsError

REPEAT_AFTER_S: Final = 60.0
ADDRESSES_MAX: Final = 10_000
OWNER_ONLY: Final = 0o600


class SecurityEvent(StrEnum):
    """The events of the security log."""

    SIGNED_UP = "signed_up"
    LOGGED_IN = "logged_in"
    LOG_IN_FAILED = "log_in_failed"
    LOGGED_OUT = "logged_out"
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_REFUSED = "password_refused"
    TOKEN_REUSED = "token_reused"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    CALLBACK_REFUSED = "callback_refused"
    ORIGIN_REFUSED = "origin_refused"
    RATE_LIMITED = "rate_limited"
    EMAIL_PROVED = "email_proved"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_RESET = "password_reset"
    ERASED = "erased"
    ROLE_CHANGED = "role_changed"
    STATUS_CHANGED = "status_changed"
    BIDS_VOIDED = "bids_voided"
    LIMIT_SET = "limit_set"
    REPLAYED = "replayed"
    ADMIN_COMMAND = "admin_command"


# Possible attacks: logged as warnings, the others at INFO.
SUSPICIOUS: Final = frozenset(
    {
        SecurityEvent.LOG_IN_FAILED,
        SecurityEvent.PASSWORD_REFUSED,
        SecurityEvent.TOKEN_REUSED,
        SecurityEvent.CALLBACK_REFUSED,
        SecurityEvent.ORIGIN_REFUSED,
        SecurityEvent.RATE_LIMITED,
    }
)

_log: Any = None
_logged: TTLCache[tuple[SecurityEvent, str], bool] = TTLCache(ADDRESSES_MAX, REPEAT_AFTER_S)


def open_security_log(settings: Settings, *, process: str) -> None:
    """Log events from now on, where the settings say; until then this process logs none.

    Raise SettingsError when the file cannot be written.
    """
    global _log  # noqa: PLW0603 - as global as the logs it writes
    level = logging.getLevelName(settings.security_log_level)
    try:
        target = _opened(settings.security_log_to)
    except OSError as error:
        raise SettingsError(f"settings are wrong: SECURITY_LOG_TO: {error.strerror}") from error
    _log = structlog.wrap_logger(
        structlog.WriteLogger(target),
        processors=json_lines(process),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        stream="security",
    )


def log_security(event: SecurityEvent, **fields: object) -> None:
    """Log an event; `fields` are ids, addresses and words of closed sets."""
    if _log is None:
        return
    if event in SUSPICIOUS:
        _log.warning(event.value, **fields)
    else:
        _log.info(event.value, **fields)


def log_security_seldom(event: SecurityEvent, *, address: str, **fields: object) -> None:
    """Log the event once a minute for each address, so that a flood of requests makes no flood of
    lines."""
    if (event, address) not in _logged:
        _logged[event, address] = True
        log_security(event, address=address, **fields)


def operator() -> str:
    """Return the user who runs the command, as the operating system names them."""
    return f"operator:{os.environ.get('USER') or os.getuid()}"


def _opened(destination: str) -> TextIO:
    if destination in ("stderr", "stdout"):
        stream: TextIO = getattr(sys, destination)
        return stream
    # Appended in one write a line, so that processes may share it.
    descriptor = os.open(destination, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OWNER_ONLY)
    return os.fdopen(descriptor, "a", encoding="utf-8")
