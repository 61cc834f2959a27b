"""The dead letters that are stored: selecting and listing them."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from lanes.errors import NotFoundError

ID_MAX = 2**63 - 1
PAYLOAD_BYTES_LISTED = 4 * 1024  # a page of records of 1 MiB would be 100 MB
WITH_PAYLOAD_MAX = 20  # dead letters of one trace id, with all their bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterSelection:
    """A filter of dead letters: those that match every field; None matches everything.

    `ids` and `trace_ids` are one filter: a dead letter in either of them matches. `since` and
    `until`, exclusive, are about the time of its dead letter.
    """

    ids: Sequence[int] | None = None
    trace_ids: Sequence[str] | None = None
    key: str | None = None
    reason: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def names_ids(self) -> bool:
        """Whether the selection names single dead letters."""
        return bool(self.ids or self.trace_ids)


@dataclass(frozen=True, slots=True)
class StoredReplay:
    """One replay of a dead letter; without a position it is unknown whether it was appended."""

    at: datetime
    requested_by: str
    is_forced: bool
    partition: int | None
    offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDeadLetter:
    """A dead letter as it is stored, since `created_at`.

    `key` is the beginning of `raw_key` as text. `payload` may be cut: the whole has
    `payload_bytes`. `replays` counts on over the dead letters of one record.
    """

    id: int
    topic: str
    partition: int
    offset: int
    key: str | None
    raw_key: bytes | None
    payload: bytes
    payload_bytes: int
    log_time: datetime
    group: str
    reason: str
    error_class: str
    message: str
    attempts: int
    first_failed_at: datetime
    created_at: datetime
    trace_id: str | None
    replays: int
    replayed: Sequence[StoredReplay]


class StoredDeadLetters(Protocol):
    """The store of dead letters. Methods raise OutageError when it cannot answer."""

    def page(
        self,
        selection: DeadLetterSelection,
        *,
        after_id: int | None,
        limit: int,
        payload_bytes: int | None,
    ) -> list[StoredDeadLetter]:
        """Return at most `limit` dead letters after one of them, newest first; payloads are cut
        to `payload_bytes`."""
        ...

    def count(self, selection: DeadLetterSelection) -> int:
        """Return how many match."""
        ...

    def unknown(self, selection: DeadLetterSelection) -> list[str]:
        """Return those of the named ids that no dead letter has."""
        ...


class DeadLetterList:
    """The lists of dead letters. Methods raise OutageError when the store cannot answer."""

    def __init__(self, stored: StoredDeadLetters, topics: Sequence[str]) -> None:
        """`topics` are the topics that can have dead letters."""
        self._stored, self.topics = stored, tuple(sorted(topics))

    def page(
        self, selection: DeadLetterSelection, *, after_id: int | None, limit: int
    ) -> list[StoredDeadLetter]:
        """Return at most `limit` dead letters after one of them, newest first."""
        return self._stored.page(
            selection, after_id=after_id, limit=limit, payload_bytes=PAYLOAD_BYTES_LISTED
        )

    def fault(self, selection: DeadLetterSelection) -> tuple[str, str] | None:
        """Return a field by which nothing can match, and why; None when there is none."""
        if selection.topic is not None and selection.topic not in self.topics:
            return "topic", f"is none of {', '.join(self.topics)}"
        since, until = selection.since, selection.until
        if since is not None and until is not None and until <= since:
            return "until", "is not after `since`"
        return None

    def count(self, selection: DeadLetterSelection) -> int:
        """Return how many match."""
        return self._stored.count(selection)

    def newest(self, selection: DeadLetterSelection, *, limit: int) -> list[StoredDeadLetter]:
        """Return at most `limit`, newest first. Raise NotFoundError for an id that no dead letter
        has."""
        self.refuse_unknown(selection)
        return self.page(selection, after_id=None, limit=limit)

    def with_payload(self, name: str) -> list[StoredDeadLetter]:
        """Return the dead letter with this id, or those with this trace id, newest first, with
        their whole payloads. Raise NotFoundError when there is none."""
        selection = select_named([name])
        self.refuse_unknown(selection)
        return self._stored.page(
            selection, after_id=None, limit=WITH_PAYLOAD_MAX, payload_bytes=None
        )

    def refuse_unknown(self, selection: DeadLetterSelection) -> None:
        """Raise NotFoundError naming the ids that no dead letter has."""
        unknown = self._stored.unknown(selection)
        if unknown:
            raise NotFoundError(f"no dead letter has the id {', '.join(unknown)}")


def select_named(names: Sequence[int | str]) -> DeadLetterSelection:
    """Return a selection of dead letters: a number is the id of one, anything else a trace id.

    Without names it selects all.
    """
    if not names:
        return DeadLetterSelection()
    return DeadLetterSelection(
        ids=[int(name) for name in names if _is_number(name)],
        trace_ids=[str(name) for name in names if not _is_number(name)],
    )


def payload_text(letter: StoredDeadLetter) -> tuple[str, Literal["utf-8", "hex"]]:
    """Return the payload as text when it is UTF-8; a character cut in two at the end is left
    out."""
    is_cut = len(letter.payload) < letter.payload_bytes
    try:
        decoder = codecs.getincrementaldecoder("utf-8")()
        return decoder.decode(letter.payload, final=not is_cut), "utf-8"
    except UnicodeDecodeError:
        return letter.payload.hex(), "hex"


def _is_number(name: int | str) -> bool:
    """Return whether `name` may be a dead letter's own id."""
    digits = re.fullmatch("[1-9][0-9]{0,18}", str(name))
    return digits is not None and int(name) <= ID_MAX
