"""Dead letters and their replays for admins: the filters, pages and answers of the admin API."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

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
    payload_text,
    select_named,
)

T = TypeVar("T")


class DeadLetterAdministration:
    """What admins do with dead letters. Methods raise OutageError when a server does not answer."""

    def __init__(
        self, listed: DeadLetterList, replayer: Replayer[Any], *, replays_looked_at_max: int
    ) -> None:
        """One request looks at `replays_looked_at_max` dead letters at most."""
        self._listed, self._replayer = listed, replayer
        self._looked_at_max = replays_looked_at_max

    def _selection(
        self, filters: DeadLetterFilter, ids: Sequence[int | str] = ()
    ) -> DeadLetterSelection:
        """Return the selection for `filters`: a number is a dead letter's id, any other id that of
        its bid or message.

        Raise InvalidError (`topic`, `reason`, `since`, `until`).
        """
        selection = replace(
            select_named(ids),
            key=_or_none(filters.auction),
            reason=_or_none(filters.reason),
            topic=_or_none(filters.topic),
            since=_moment("since", filters.since),
            until=_moment("until", filters.until),
        )
        if selection.reason is not None and selection.reason not in REASONS:
            raise _invalid("reason", f"is none of {', '.join(REASONS)}")
        fault = self._listed.fault(selection)
        if fault is not None:
            raise _invalid(*fault)
        return selection

    def page(self, query: DeadLetterQuery) -> Listed[DeadLetter]:
        """Return a page, newest first. Raise InvalidError."""
        selection = self._selection(query, () if isinstance(query.id, UnsetType) else (query.id,))

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
            selection=self._selection(request, ids),
            requested_by=requested_by,
            limit=request.limit,
            force=request.force,
            dry_run=request.dry_run,
        )
        results, more = self._replayer.run_some(order, looked_at_max=self._looked_at_max)
        return ReplayAnswer(results, more=more)


def shown(letter: StoredDeadLetter) -> DeadLetter:
    """Return a dead letter as admins see it."""
    payload, encoding = payload_text(letter)
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


def _or_none(value: T | UnsetType) -> T | None:
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
