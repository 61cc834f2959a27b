"""Dead letters as operators ask for them and see them: the admin API, and `bridge replay`."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from app.protocol.resources import LIST_LIMIT_DEFAULT, Body, Cursor, Limit
from app.protocol.types import LINE, Id, Key, Timestamp
from lanes import ReplayResult

IDS_MAX = 100
Name = Annotated[str, Meta(min_length=1, max_length=249, extra=LINE)]
# Text, because in a query a time may also be written as a number: that would be seconds.
Moment = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]
LetterId = Annotated[Key, Meta(description="a dead letter's id, or its bid's or message's")]


class DeadLetterFilter(Body, frozen=True):
    """Which dead letters: those that fit everything said. `auction` is the lane's key; the times
    are when they were given up, `until` exclusive."""

    auction: Name | UnsetType = UNSET
    reason: Name | UnsetType = UNSET
    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    topic: Name | UnsetType = UNSET


class DeadLetterQuery(DeadLetterFilter, frozen=True):
    """Query of `GET /api/admin/dead-letters`."""

    id: LetterId | UnsetType = UNSET
    limit: Limit = LIST_LIMIT_DEFAULT
    cursor: Cursor | UnsetType = UNSET


class ReplayRequest(DeadLetterFilter, frozen=True):
    """`POST /api/admin/dead-letters/replay`; `limit` does not count what is skipped."""

    ids: Annotated[list[Id | LetterId], Meta(min_length=1, max_length=IDS_MAX)] | UnsetType = UNSET
    limit: Limit = LIST_LIMIT_DEFAULT
    force: bool = False
    dry_run: bool = False


class Replay(Struct, frozen=True):
    """One replay; without a position its fate is unknown."""

    at: Timestamp
    requested_by: str
    forced: bool
    partition: int | None
    offset: int | None


class DeadLetter(Struct, frozen=True):
    """A record that was given up. `payload` may be cut: the whole has `payload_bytes`."""

    id: int
    topic: str
    partition: int
    offset: int
    key: str | None
    key_hex: str | None
    log_time: Timestamp
    consumer_group: str
    reason: str
    error_class: str
    message: str
    attempts: int
    first_failed_at: Timestamp
    at: Timestamp
    trace_id: str | None
    payload: str
    payload_encoding: Literal["utf-8", "hex"]
    payload_bytes: int
    replays: int
    replayed: list[Replay]


class ReplayAnswer(Struct, frozen=True):
    """`more`: others fit too, and nothing was done about them yet."""

    items: list[ReplayResult]
    more: bool
