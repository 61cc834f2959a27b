"""The errors of the platform: whose fault a failure is, and so what becomes of a record."""


class LanesError(Exception):
    """The root of all errors here."""


class VersionConflictError(LanesError):
    """Another worker settled this lane meanwhile: nothing was written; try again."""

    def __init__(self, lane: str) -> None:
        super().__init__(lane)


class BadRecordError(LanesError, ValueError):
    """A record that can never be settled; `reason` is its dead letter's, a word of a closed set."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownLaneError(BadRecordError):
    """A record whose key names no lane."""


class GoneError(BadRecordError):
    """A record of a user or a lane that a restore of the database has lost.

    They are not counted against the limits of dead letters, because the code is not at fault.
    """


class FutureVersionError(LanesError):
    """A record of a schema version newer than this code: its lane waits for newer code."""


class WorkerDiedError(LanesError):
    """A record that has alone killed `crashes` processes of workers: it is not settled again."""

    def __init__(self, crashes: int) -> None:
        super().__init__(f"{crashes} workers died while they settled it alone")
        self.crashes = crashes


class OutageError(LanesError):
    """A store is away, or a lock timed out: no record's fault, to be retried without counting."""


class RecordTooLargeError(LanesError):
    """Kafka takes no record of this size: it was not appended."""


class UnacknowledgedError(LanesError):
    """Kafka did not acknowledge in time: the record may still arrive."""


class RetryLater(LanesError):  # noqa: N818 - what the handler asks for
    """Raised by a handler whose records cannot be settled yet, and are not at fault.

    The transaction is rolled back, nothing is counted, and the records stay at the head of their
    lane, which is woken again after `after_s` seconds. The sweep may wake it earlier, within
    seconds: then the handler may raise it again.
    """

    def __init__(self, after_s: float) -> None:
        """Raise ValueError when `after_s` is not above 0, or has no end."""
        if not 0 < after_s < float("inf"):
            raise ValueError(f"after_s: {after_s} is not above 0")
        super().__init__(f"again in {after_s} s")
        self.after_s = after_s


class BadDataError(LanesError, ValueError):
    """A store refuses a value for good: the fault of its record."""


class UnusableDatabaseError(LanesError):
    """The database must not be used, as one that was restored and is older than Kafka.

    Whoever owns the database raises it when a connection is opened.
    """


class PlatformError(LanesError):
    """The platform is put together wrongly; a line for each fault, naming topic and field."""


class StoppedError(LanesError):
    """A pipeline must not go on; the message says why and what to do."""


class NotFoundError(LanesError):
    """The thing that an operator named does not exist."""


class AlreadyParkedError(LanesError):
    """The lane is parked already."""
