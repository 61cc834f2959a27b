"""Selecting dead letters by filter, and reading them page by page or with their payloads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec
from msgspec import UnsetType

from app.domain.errors import FieldFault, InvalidError, NotFoundError
from app.protocol.dead_letters import DeadLetter, DeadLetterFilter, DeadLetterQuery
from app.protocol.types import INT64_MAX, Instant
from app.services.cursors import read_cursor, write_cursor
from app.services.rejected_records import REASONS

T = TypeVar("T")

LIST_ORDER = "dead_letters"
PAYLOAD_BYTES_LISTED = 4 * 1024  # more than any bid; a page of 1 MiB records would be 100 MB
WITH_PAYLOAD_MAX = 20  # of one bid, with all their bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterSelection:
    """A filter of dead letters: those that match every field; None matches everything.

    `ids` and `trace_ids` are one filter: a dead letter in either of them matches.
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


class StoredDeadLetters(Protocol):
    """Stored dead letters. Methods raise BusyError when the store cannot answer."""

    def page(
        self,
        selection: DeadLetterSelection,
        *,
        before_id: int | None,
        limit: int,
        payload_bytes: int | None,
    ) -> list[DeadLetter]:
        """Return at most `limit` dead letters, newest first; payloads are cut to
        `payload_bytes`."""
        ...

    def count(self, selection: DeadLetterSelection) -> int:
        """Return how many match."""
        ...

    def unknown(self, selection: DeadLetterSelection) -> list[str]:
        """Return those of the named ids that no dead letter has."""
        ...


class DeadLetterList:
    """The lists of dead letters for the command and the admin API."""

    def __init__(self, stored: StoredDeadLetters, topics: Sequence[str]) -> None:
        """`topics` are the topics that can have dead letters."""
        self._stored, self.topics = stored, tuple(sorted(topics))

    def selection(
        self, filters: DeadLetterFilter, ids: Sequence[int | str] = ()
    ) -> DeadLetterSelection:
        """Return the selection for `filters`: a number is a dead letter's id, any other id that of
        its bid or message.

        Raise InvalidError (`topic`, `reason`, `since`, `until`).
        """
        topic, reason = or_none(filters.topic), or_none(filters.reason)
        since, until = _moment("since", filters.since), _moment("until", filters.until)
        if topic is not None and topic not in self.topics:
            raise _invalid("topic", f"is none of {', '.join(self.topics)}")
        if reason is not None and reason not in REASONS:
            raise _invalid("reason", f"is none of {', '.join(REASONS)}")
        if since is not None and until is not None and until <= since:
            raise _invalid("until", "is not after `since`")
        return DeadLetterSelection(
            ids=[int(name) for name in ids if _is_number(name)] if ids else None,
            trace_ids=[str(name) for name in ids if not _is_number(name)] if ids else None,
            key=or_none(filters.auction),
            reason=reason,
            topic=topic,
            since=since,
            until=until,
        )

    def page(self, query: DeadLetterQuery) -> tuple[list[DeadLetter], str | None]:
        """Return a page, newest first, and the cursor of the next. Raise InvalidError."""
        selection = self.selection(query, () if isinstance(query.id, UnsetType) else (query.id,))
        after = read_cursor(or_none(query.cursor), LIST_ORDER)
        found = self._stored.page(
            selection,
            before_id=after[1] if after else None,
            limit=query.limit + 1,
            payload_bytes=PAYLOAD_BYTES_LISTED,
        )
        shown = found[: query.limit]
        more = len(found) > query.limit
        return shown, write_cursor(LIST_ORDER, 0, shown[-1].id) if more else None

    def count(self, selection: DeadLetterSelection) -> int:
        """Return how many match. Raise BusyError."""
        return self._stored.count(selection)

    def newest(self, selection: DeadLetterSelection, *, limit: int) -> list[DeadLetter]:
        """Return at most `limit`, newest first. Raise NotFoundError for an id that no dead letter
        has."""
        self.refuse_unknown(selection)
        return self._stored.page(
            selection, before_id=None, limit=limit, payload_bytes=PAYLOAD_BYTES_LISTED
        )

    def with_payload(self, letter_id: str) -> list[DeadLetter]:
        """Return the dead letter with this id, or those of this bid or message, newest first, with
        their whole payloads. Raise NotFoundError when there is none."""
        selection = self.selection(DeadLetterFilter(), [letter_id])
        self.refuse_unknown(selection)
        return self._stored.page(
            selection, before_id=None, limit=WITH_PAYLOAD_MAX, payload_bytes=None
        )

    def refuse_unknown(self, selection: DeadLetterSelection) -> None:
        """Raise NotFoundError naming the ids that no dead letter has."""
        unknown = self._stored.unknown(selection)
        if unknown:
            raise NotFoundError(f"no dead letter has the id {', '.join(unknown)}")


def or_none(value: T | UnsetType) -> T | None:
    """Return `value`, None when the field is absent."""
    return None if isinstance(value, UnsetType) else value


def _is_number(name: int | str) -> bool:
    """Return whether `name` may be a dead letter's own id."""
    digits = re.fullmatch("[1-9][0-9]{0,18}", str(name))
    return digits is not None and int(name) <= INT64_MAX


def _moment(field: str, value: str | UnsetType) -> datetime | None:
    if isinstance(value, UnsetType):
        return None
    try:
        return msgspec.convert(value, Instant)
    except msgspec.ValidationError as error:
        raise _invalid(field, "is no time as RFC 3339 writes it, with its zone") from error


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError([FieldFault(field, "INVALID", message)])
