"""Dead letters and their replays for admins: the filters, pages and answers of the admin API."""

import codecs
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Literal, TypeVar

import msgspec
from msgspec import UnsetType

from app.domain.errors import FieldFault, InvalidError
from app.domain.time import rfc3339
from app.protocol.dead_letters import (
    DeadLetter,
    DeadLetterFilter,
    DeadLetterQuery,
    Replay,
    ReplayAnswer,
    ReplayRequest,
    ReplayResult,
)
from app.protocol.resources import Listed
from app.protocol.types import Instant
from app.services.pages import Position, page
from app.services.rejected_records import REASONS
from lanes import (
    DeadLetterList,
    DeadLetterSelection,
    Replayer,
    ReplayOrder,
    StoredDeadLetter,
    StoredReplay,
    select_named,
)

T = TypeVar("T")


class DeadLetterAdministration:
    """What admins do with dead letters. Methods raise OutageError when a server does not answer."""

    def __init__(
        self, listed: DeadLetterList, replayer: Replayer, *, replays_looked_at_max: int
    ) -> None:
        """One request looks at `replays_looked_at_max` dead letters at most."""
        self._listed, self._replayer = listed, replayer
        self._looked_at_max = replays_looked_at_max

    def selection(
        self, filters: DeadLetterFilter, ids: Sequence[int | str] = ()
    ) -> DeadLetterSelection:
        """Return the selection for `filters`: a number is a dead letter's id, any other id that of
        its bid or message.

        Raise InvalidError (`topic`, `reason`, `since`, `until`).
        """
        topics = self._listed.topics
        topic, reason = or_none(filters.topic), or_none(filters.reason)
        since, until = _moment("since", filters.since), _moment("until", filters.until)
        if topic is not None and topic not in topics:
            raise _invalid("topic", f"is none of {', '.join(topics)}")
        if reason is not None and reason not in REASONS:
            raise _invalid("reason", f"is none of {', '.join(REASONS)}")
        if since is not None and until is not None and until <= since:
            raise _invalid("until", "is not after `since`")
        return replace(
            select_named(ids),
            key=or_none(filters.auction),
            reason=reason,
            topic=topic,
            since=since,
            until=until,
        )

    def page(self, query: DeadLetterQuery) -> Listed[DeadLetter]:
        """Return a page, newest first. Raise InvalidError."""
        selection = self.selection(query, () if isinstance(query.id, UnsetType) else (query.id,))

        def read(after: Position | None, limit: int) -> Sequence[StoredDeadLetter]:
            return self._listed.page(
                selection, after_id=None if after is None else after[1], limit=limit
            )

        return page(query, "dead_letters", read, position=lambda letter: (0, letter.id), show=shown)

    def replay(self, request: ReplayRequest, *, requested_by: str) -> ReplayAnswer:
        """Replay as many as one request may, and return all results.

        Raise InvalidError, NotFoundError for an id that no dead letter has, and OutageError when
        nothing has been done.
        """
        ids = () if isinstance(request.ids, UnsetType) else request.ids
        order = ReplayOrder(
            selection=self.selection(request, ids),
            requested_by=requested_by,
            limit=request.limit,
            force=request.force,
            dry_run=request.dry_run,
        )
        results, more = self._replayer.run_some(order, looked_at_max=self._looked_at_max)
        return ReplayAnswer([ReplayResult(**asdict(result)) for result in results], more=more)


def shown(letter: StoredDeadLetter) -> DeadLetter:
    """Return a dead letter as admins see it."""
    payload, encoding = _text(letter.payload, is_cut=len(letter.payload) < letter.payload_bytes)
    return DeadLetter(
        id=letter.id,
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        key=letter.key,
        key_hex=None if letter.raw_key is None else letter.raw_key.hex(),
        log_time=rfc3339(letter.log_time),
        consumer_group=letter.group,
        reason=letter.reason,
        error_class=letter.error_class,
        message=letter.message,
        attempts=letter.attempts,
        first_failed_at=rfc3339(letter.first_failed_at),
        at=rfc3339(letter.created_at),
        trace_id=letter.trace_id,
        payload=payload,
        payload_encoding=encoding,
        payload_bytes=letter.payload_bytes,
        replays=letter.replays,
        replayed=[_replay(each) for each in letter.replayed],
    )


def _replay(replay: StoredReplay) -> Replay:
    return Replay(
        at=rfc3339(replay.at),
        requested_by=replay.requested_by,
        forced=replay.is_forced,
        partition=replay.partition,
        offset=replay.offset,
    )


def _text(payload: bytes, *, is_cut: bool) -> tuple[str, Literal["utf-8", "hex"]]:
    """Return text when it is UTF-8; a character cut in two at the end is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(payload, final=not is_cut), "utf-8"
    except UnicodeDecodeError:
        return payload.hex(), "hex"


def or_none(value: T | UnsetType) -> T | None:
    """Return `value`, None when the field is absent."""
    return None if isinstance(value, UnsetType) else value


def _moment(field: str, value: str | UnsetType) -> datetime | None:
    if isinstance(value, UnsetType):
        return None
    try:
        return msgspec.convert(value, Instant)
    except msgspec.ValidationError as error:
        raise _invalid(field, "is no time as RFC 3339 writes it, with its zone") from error


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError([FieldFault(field, "INVALID", message)])
