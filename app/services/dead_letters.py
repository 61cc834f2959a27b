"""Looking at dead letters: which are wanted, page by page or whole."""

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
from app.services.burials import REASONS
from app.services.cursors import read_cursor, write_cursor

T = TypeVar("T")

LIST_ORDER = "dead_letters"
PAYLOAD_BYTES_LISTED = 4 * 1024  # more than any bid; a page of 1 MiB records would be 100 MB
WHOLE_MAX = 20  # of one bid, with all their bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which dead letters: those that fit all of it; None fits everything.

    `ids` and `trace_ids` count as one: whoever is in either of them fits both.
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
        """Whether each that is wanted was named."""
        return bool(self.ids or self.trace_ids)


class KeptDeadLetters(Protocol):
    """Stored dead letters. All raise BusyError when the store cannot answer."""

    def page(
        self, wanted: Wanted, *, before_id: int | None, limit: int, payload_bytes: int | None
    ) -> list[DeadLetter]:
        """At most `limit`, newest first; payloads cut to `payload_bytes`."""
        ...

    def count(self, wanted: Wanted) -> int:
        """How many fit."""
        ...

    def unknown(self, wanted: Wanted) -> list[str]:
        """Those of the ids named that no dead letter has."""
        ...


class DeadLetterList:
    """What operators look at, by the command and the admin API alike."""

    def __init__(self, kept: KeptDeadLetters, topics: Sequence[str]) -> None:
        """`topics` are those that can have any."""
        self._kept, self.topics = kept, tuple(sorted(topics))

    def wanted(self, asked: DeadLetterFilter, ids: Sequence[int | str] = ()) -> Wanted:
        """The filter as the store takes it: a number is a dead letter's id, everything else that
        of its bid or message. Raises InvalidError (`topic`, `reason`, `since`, `until`)."""
        topic, reason = said(asked.topic), said(asked.reason)
        since, until = _moment("since", asked.since), _moment("until", asked.until)
        if topic is not None and topic not in self.topics:
            raise _invalid("topic", f"is none of {', '.join(self.topics)}")
        if reason is not None and reason not in REASONS:
            raise _invalid("reason", f"is none of {', '.join(REASONS)}")
        if since is not None and until is not None and until <= since:
            raise _invalid("until", "is not after `since`")
        return Wanted(
            ids=[int(name) for name in ids if _is_number(name)] if ids else None,
            trace_ids=[str(name) for name in ids if not _is_number(name)] if ids else None,
            key=said(asked.auction),
            reason=reason,
            topic=topic,
            since=since,
            until=until,
        )

    def page(self, query: DeadLetterQuery) -> tuple[list[DeadLetter], str | None]:
        """A page, newest first, with the cursor of the next. Raises InvalidError."""
        wanted = self.wanted(query, () if isinstance(query.id, UnsetType) else (query.id,))
        after = read_cursor(said(query.cursor), LIST_ORDER)
        found = self._kept.page(
            wanted,
            before_id=after[1] if after else None,
            limit=query.limit + 1,
            payload_bytes=PAYLOAD_BYTES_LISTED,
        )
        shown = found[: query.limit]
        more = len(found) > query.limit
        return shown, write_cursor(LIST_ORDER, 0, shown[-1].id) if more else None

    def count(self, wanted: Wanted) -> int:
        """How many fit. Raises BusyError."""
        return self._kept.count(wanted)

    def newest(self, wanted: Wanted, *, limit: int) -> list[DeadLetter]:
        """At most `limit`, newest first. Raises NotFoundError for an id that none has."""
        self.refuse_unknown(wanted)
        return self._kept.page(
            wanted, before_id=None, limit=limit, payload_bytes=PAYLOAD_BYTES_LISTED
        )

    def whole(self, letter_id: str) -> list[DeadLetter]:
        """The dead letter of this id, or those of this bid or message, newest first, with all their
        bytes. Raises NotFoundError when there is none."""
        wanted = self.wanted(DeadLetterFilter(), [letter_id])
        self.refuse_unknown(wanted)
        return self._kept.page(wanted, before_id=None, limit=WHOLE_MAX, payload_bytes=None)

    def refuse_unknown(self, wanted: Wanted) -> None:
        """Raises NotFoundError naming the ids that no dead letter has."""
        unknown = self._kept.unknown(wanted)
        if unknown:
            raise NotFoundError(f"no dead letter has the id {', '.join(unknown)}")


def said(value: T | UnsetType) -> T | None:
    """What was said, None when nothing was."""
    return None if isinstance(value, UnsetType) else value


def _is_number(name: int | str) -> bool:
    """Whether it may be a dead letter's own id."""
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
