"""The domain's errors, by kind; each carries the stable `code` of wire.md.

The edge maps the class to a status and shows the code; the text is never matched. A bid refused by
the rules is not an error but an outcome: see `RejectionCode` and `ControlRefusal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

RejectionCode = Literal[
    "TOO_LOW",
    "NOT_STARTED",
    "CLOSED",
    "OWN_AUCTION",
    "NOT_ABOVE_OWN_MAXIMUM",
    "CONFIRM_NEEDED",
    "OVER_LIMIT",
    "BLOCKED",
]
"""Why a bid is rejected."""

KEY_REUSED: Final = "KEY_REUSED"
"""Why the record of a bid is refused whose key named another bid."""

ControlRefusal = Literal[
    "FORBIDDEN",
    "CLOSED",
    "NOT_STARTED",
    "CANCEL_TOO_LATE",
    "RESERVE_INVALID",
    "ALREADY_VOIDED",
    "INVALID",
]
"""Why a `cancel`, `reserve` or `void` record is refused; `INVALID`: the reason is missing."""


class DomainError(Exception):
    """The root of all errors that are reported to callers."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One wrong field of a request: its name, a stable code, an English sentence.

    Without a name it is the request as a whole.
    """

    field: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class InvalidError(DomainError):
    """A well-formed request whose values break a bound; names every field at fault."""

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        super().__init__("INVALID", "; ".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class UnauthenticatedError(DomainError):
    """The caller is not, or no longer, signed in: `UNAUTHENTICATED`, `BAD_CREDENTIALS`,
    `TOKEN_REUSED`."""

    def __init__(self, code: str = "UNAUTHENTICATED", detail: str = "") -> None:
        super().__init__(code, detail)


class ForbiddenError(DomainError):
    """The caller is signed in but not allowed to: `FORBIDDEN`, `NOT_MEMBER`."""

    def __init__(self, code: str = "FORBIDDEN", detail: str = "") -> None:
        super().__init__(code, detail)


class ProviderError(DomainError):
    """A log-in by a provider failed.

    The caller's part: `STATE_INVALID`, `CODE_INVALID`, `CONSENT_REFUSED`, `UNDER_AGE`. The
    provider's: `PROVIDER_ERROR` (its answer cannot be used), `PROVIDER_UNAVAILABLE`.
    """


class NotFoundError(DomainError):
    """The thing named does not exist, or not for this caller."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("NOT_FOUND", detail)


class ConflictError(DomainError):
    """The state of the thing does not allow it: `AUCTION_EXISTS`, `EMAIL_TAKEN`, `CLOSED`, …"""


class BusyError(DomainError):
    """Not now: nothing was done, and the same call may be repeated after `retry_after_s`."""

    def __init__(self, detail: str = "", *, retry_after_s: float = 1.0) -> None:
        super().__init__("BUSY", detail)
        self.retry_after_s = retry_after_s


class UnavailableError(BusyError):
    """Not now, because a server that is needed cannot be used.

    `reason` is for the logs of operators and the text of the error; callers read no more of it than
    that a server cannot answer.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("a server cannot answer")
        self.args = (reason,)


class RateLimitedError(DomainError):
    """Too often: nothing was done, and the same call may be repeated after `retry_after_s`."""

    def __init__(self, detail: str = "", *, retry_after_s: float) -> None:
        super().__init__("RATE_LIMITED", detail)
        self.retry_after_s = retry_after_s


class UnknownFateError(DomainError):
    """Kafka did not acknowledge in time: the record may still arrive (`BID_UNKNOWN`)."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("BID_UNKNOWN", detail)


class BrokenChainError(DomainError):
    """A decision log that was altered; `line` is the first wrong line, from 0."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__("BROKEN_CHAIN", f"line {line}: {detail}")
        self.line = line
