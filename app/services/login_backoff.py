"""Delays repeated guesses of a password without delaying the account's owner.

Wrong passwords are counted for each account and network they come from: after a few of them each
further one waits twice as long as the one before. A guesser elsewhere does not delay the owner, and
neither does one in the owner's own network: a browser that has logged in shows a device token, and
is counted for itself (OWASP, *Device cookies*). Only one thing counts over all networks: an account
with so many wrong passwords that it must be guessed from many networks allows each of them fewer
tries before delays begin. The first try of a network is always allowed, so that the owner gets in
from a new place. An unknown account is counted as an existing one.
"""

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import InvalidError, RateLimitedError, UnauthenticatedError
from app.observability.security_log import SecurityEvent, log_security

DEVICE_BYTES = 16  # of a device's id: not to be guessed
MARK_BYTES = 16  # of an account that does not exist, as it is counted


@dataclass(frozen=True, slots=True)
class LoginOrigin:
    """Where a log-in comes from: its network, None when exempt from limits, and device token."""

    network: str | None
    device_token: str = ""


EXEMPT = LoginOrigin(None)


@dataclass(frozen=True, slots=True)
class Subject:
    """The account whose password is tried; `user_id` is None when there is no such account."""

    user_id: int | None
    email: str
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Tries:
    """A counter of wrong passwords; `is_of_network`: it counts for its account, too."""

    account: str
    source: str
    is_of_network: bool


class TryCounter(Protocol):
    """The counters, shared by all processes. Methods raise BusyError when the store cannot
    answer."""

    def begin(self, tries: Tries) -> float:
        """Count a try as wrong and return 0; if it must wait, count nothing and return the
        seconds."""
        ...

    def succeed(self, tries: Tries) -> None:
        """Reset the counter: the password was right."""

    def cancel(self, tries: Tries) -> None:
        """Take back one try whose password was not checked."""


class LoginBackoff:
    """Limits tries of passwords, ever more slowly."""

    def __init__(self, counter: TryCounter, *, key: str) -> None:
        """`key` is the secret that signs device tokens."""
        self._counter, self._key = counter, key.encode()

    @contextmanager
    def attempt(self, subject: Subject, origin: LoginOrigin) -> Iterator[None]:
        """Check a password inside this context. Raise RateLimitedError while the next try must
        wait.

        UnauthenticatedError and InvalidError raised inside count as a wrong password; any other
        error, such as BusyError, takes the try back. Raise BusyError when the store cannot answer.
        """
        if origin.network is None:
            yield
            return
        tries = self._tries(subject, origin.network, origin.device_token)
        wait_s = self._counter.begin(tries)
        if wait_s > 0:
            log_security(SecurityEvent.RATE_LIMITED, user_id=subject.user_id, endpoint="log-in")
            raise RateLimitedError("too many wrong passwords: wait", retry_after_s=wait_s)
        try:
            yield
        except (UnauthenticatedError, InvalidError):
            raise
        except BaseException:
            self._counter.cancel(tries)
            raise
        self._counter.succeed(tries)

    def device_token(self, subject: Subject, shown: str) -> str:
        """Return the token of this device: its own, or a new one.

        It is valid for this account until the password changes.
        """
        device = self._device(subject, shown) or secrets.token_hex(DEVICE_BYTES)
        return f"{device}.{self._sign(subject, device)}"

    def _tries(self, subject: Subject, network: str, device_token: str) -> Tries:
        account = str(subject.user_id) if subject.user_id else self._unknown_account(subject.email)
        device = self._device(subject, device_token)
        if device:
            return Tries(account, f"device:{device}", is_of_network=False)
        return Tries(account, network, is_of_network=True)

    def _device(self, subject: Subject, token: str) -> str:
        """Return the id of a device of this account; empty when the token is invalid."""
        device, _, signature = token.partition(".")
        expected = self._sign(subject, device)
        is_known = subject.user_id is not None and hmac.compare_digest(
            signature.encode(), expected.encode()
        )
        return device if is_known else ""

    def _sign(self, subject: Subject, device: str) -> str:
        return self._digest(f"device:{subject.user_id}:{device}:{subject.password_hash}")

    def _unknown_account(self, email: str) -> str:
        """Return a digest in place of the address: no e-mail address is stored."""
        return "none-" + self._digest(f"nobody:{email.lower()}")[: 2 * MARK_BYTES]

    def _digest(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()
