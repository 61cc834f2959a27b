"""How long somebody who guesses a password has to wait, and why nobody else waits for it.

Wrong passwords are counted for each account and network that they come from: after a few of them
each one more must wait, twice as long as the one before. Whoever guesses from elsewhere makes the
owner wait for nothing, and from the owner's own network they do not either: a browser in which the
account was logged into shows a device token, and is counted for itself (OWASP, *Device cookies*).

Nothing counts over all networks but one thing: an account that was tried so often that somebody
must be guessing in many networks allows each of them fewer tries before waits begin. The first try
of a network is always let in, so that the owner, somewhere new, gets in with the right password.
An account that does not exist is counted as one that does.
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
    """Where a log-in comes from: its network, None where limits spare it, and device token."""

    network: str | None
    device_token: str = ""


EXEMPT = LoginOrigin(None)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose password is tried: the id of the account, None when there is none."""

    user_id: int | None
    email: str
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Tries:
    """One counter of wrong passwords; `is_of_network`: it counts for its account, too."""

    account: str
    source: str
    is_of_network: bool


class TryCounter(Protocol):
    """The counters, over all processes. All raise BusyError when the store cannot answer."""

    def begin(self, tries: Tries) -> float:
        """Count a try as a wrong one; if it must wait, count nothing and return the seconds."""
        ...

    def succeed(self, tries: Tries) -> None:
        """Forget the tries: the password was right."""

    def cancel(self, tries: Tries) -> None:
        """Take back one try: nobody looked at the password."""


class LoginBackoff:
    """Lets passwords be tried, ever more slowly."""

    def __init__(self, counter: TryCounter, *, key: str) -> None:
        """`key` is the secret by which device tokens are known."""
        self._counter, self._key = counter, key.encode()

    @contextmanager
    def attempt(self, subject: Subject, origin: LoginOrigin) -> Iterator[None]:
        """Let a password be tried inside. Raise RateLimitedError while it must wait.

        What raises UnauthenticatedError or InvalidError inside was a wrong password; who fails
        otherwise, because the house is busy, has not tried. Raise BusyError when nobody can count.
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
        """Return the token by which this device is known from now on: its own, or a new one.

        It is good for this account until its password is another.
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
        """The id of a device of this account; empty when the token is not one."""
        device, _, signature = token.partition(".")
        expected = self._sign(subject, device)
        is_known = subject.user_id is not None and hmac.compare_digest(
            signature.encode(), expected.encode()
        )
        return device if is_known else ""

    def _sign(self, subject: Subject, device: str) -> str:
        return self._digest(f"device:{subject.user_id}:{device}:{subject.password_hash}")

    def _unknown_account(self, email: str) -> str:
        """No e-mail address is kept, least of all one of a stranger."""
        return "none-" + self._digest(f"nobody:{email.lower()}")[: 2 * MARK_BYTES]

    def _digest(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()
