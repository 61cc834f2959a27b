"""The topic of lists, and the handler of its lanes.

A list has no way of telling a record from its repeat: whatever is settled twice is in it twice.
What `list_faults` names makes settling fail, so that a test can break the code and mend it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from app.protocol.records import Version
from app.services.reading import read_value
from app.services.rejected_records import KEY_MISMATCH
from lanes.audit.ports import LogEntry, Scope, Selection, StoredRow
from lanes.audit.results import AuditResults
from lanes.errors import BadRecordError, FutureVersionError, UnknownLaneError, VersionConflictError
from lanes.handler import LaneTopic, Settlement
from lanes.record import InboxRecord, RecordsByKey
from lanes.topic import Topic

GROUP_SUFFIX = "-group"
UNKNOWN_LIST = "nowhere"

TABLES = """
CREATE TABLE IF NOT EXISTS lists (name text PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE IF NOT EXISTS list_items (
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL, id text NOT NULL, text text NOT NULL,
  partition int NOT NULL, "offset" bigint NOT NULL);
CREATE TABLE IF NOT EXISTS list_failures (name text NOT NULL, id text NOT NULL);
CREATE TABLE IF NOT EXISTS list_faults (text text PRIMARY KEY, kind text NOT NULL);"""

LOAD = """
INSERT INTO lists (name, version) VALUES (%s, 0)
ON CONFLICT (name) DO UPDATE SET version = lists.version RETURNING version"""
RAISE = "UPDATE lists SET version = version + 1 WHERE name = %s AND version = %s"
LOCK = "UPDATE lists SET version = version + 1 WHERE name = %s"
APPEND = 'INSERT INTO list_items (name, id, text, partition, "offset") VALUES (%s, %s, %s, %s, %s)'
FAIL = "INSERT INTO list_failures (name, id) VALUES (%s, %s)"
FAULTS = "SELECT text, kind FROM list_faults"
REFUSE = "SELECT CAST(%s AS integer)"
ITEMS = """
SELECT "offset" FROM list_items WHERE partition = %s AND "offset" >= %s
  AND (%s::text[] IS NULL OR name = ANY(%s)) ORDER BY "offset" """
APPENDED = "SELECT id FROM list_items WHERE id = ANY(%s)"


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """The value of a record: `text` goes to the end of the list that is the record's key."""

    v: Version
    name: str
    id: str
    text: str


item_decoder = msgspec.json.Decoder(Item)


@dataclass(frozen=True, slots=True)
class ListState:
    """A list and its version."""

    name: str
    version: int


class ListLane:
    """The handler: appends, in the order it is given, guarded by the version."""

    def load(self, transaction: Connection, lanes: RecordsByKey) -> list[ListState]:
        """The lists, made at their first record. Raises UnknownLaneError for the one there is
        not."""
        if UNKNOWN_LIST in lanes:
            raise UnknownLaneError("UnknownAuction", f"there is no list {UNKNOWN_LIST}")
        return [
            ListState(key, transaction.exec_driver_sql(LOAD, (key,)).scalar_one())
            for key in sorted(lanes)
        ]

    def settle(
        self, transaction: Connection, state: Sequence[ListState], lanes: RecordsByKey
    ) -> list[Settlement]:
        """Append them."""
        faults = {row.text: row.kind for row in transaction.exec_driver_sql(FAULTS)}
        for one in state:
            self._append(transaction, one, lanes[one.name], faults)
        return [Settlement([]) for _ in lanes]

    def _append(
        self,
        transaction: Connection,
        state: ListState,
        records: Sequence[InboxRecord],
        faults: Mapping[str, str],
    ) -> None:
        for record in records:
            item = read_value(item_decoder, record.payload)
            self._fail_if_configured(transaction, state, faults.get(item.text))
            entry = (record.partition, record.offset)
            transaction.exec_driver_sql(APPEND, (state.name, item.id, item.text, *entry))
        if transaction.exec_driver_sql(RAISE, (state.name, state.version)).rowcount != 1:
            raise VersionConflictError(state.name)

    def fail(self, transaction: Connection, key: str, records: Sequence[InboxRecord]) -> Settlement:
        """Note which could not be appended."""
        if transaction.exec_driver_sql(LOCK, (key,)).rowcount == 1:
            for record in records:
                item = read_value(item_decoder, record.payload)
                transaction.exec_driver_sql(FAIL, (key, item.id))
        return Settlement([])

    def settled(self, transaction: Connection, payloads: Sequence[bytes]) -> list[bool]:
        """Whether each is in its list."""
        ids = [identify(payload) for payload in payloads]
        appended = {row.id for row in transaction.exec_driver_sql(APPENDED, (ids,))}
        return [item_id in appended for item_id in ids]

    @staticmethod
    def _fail_if_configured(transaction: Connection, state: ListState, kind: str | None) -> None:
        if kind == "error":
            raise ValueError("told to fail")
        if kind == "conflict":
            raise VersionConflictError(state.name)
        if kind == "death":
            os._exit(1)
        if kind == "refusal":
            transaction.exec_driver_sql(REFUSE, ("no number",))


class ListAudit:
    """The audit of lists: where the rows of settled records are."""

    def __init__(self, results: AuditResults) -> None:
        """A list has no further checks."""

    def select(self, transaction: Connection, scope: Scope) -> Selection:
        """All lists, or the selected one."""
        return Selection(None if scope.lane is None else frozenset([scope.lane]))

    def stored_rows(
        self, transaction: Connection, *, partition: int, first: int, selection: Selection
    ) -> Iterator[StoredRow]:
        """Every item is the effect of its record."""
        lists = None if selection.lanes is None else sorted(selection.lanes)
        rows = transaction.exec_driver_sql(ITEMS, (partition, first, lists, lists))
        return (StoredRow(row.offset, "effect", "list_items", row) for row in rows)

    def is_settled(self, entry: LogEntry) -> bool:
        return False

    def check_batch(self, transaction: Connection, entries: Sequence[LogEntry]) -> None: ...

    def end_partition(self, transaction: Connection) -> None: ...

    def end(self, transaction: Connection, selection: Selection) -> None: ...


def check(key: str, value: bytes) -> object:
    """Decode a record. Raises BadRecordError and FutureVersionError."""
    item = read_value(item_decoder, value)
    if item.name != key:
        raise BadRecordError(KEY_MISMATCH, f"key {key} is not list {item.name}")
    return item


def identify(value: bytes) -> str | None:
    """The id of the item in this record."""
    try:
        return read_value(item_decoder, value).id
    except (BadRecordError, FutureVersionError):
        return None


def lists_topic() -> Topic:
    """The topic that the environment names, so that each test has its own."""
    partitions = int(os.environ["LISTS_PARTITIONS"])
    return Topic(os.environ["LISTS_TOPIC"], partitions, for_ever=True)


def lane_topic(topic: Topic) -> LaneTopic[Connection]:
    """The lane topic of lists; group and queue are named after the topic."""
    return LaneTopic(
        topic=topic,
        group=topic.name + GROUP_SUFFIX,
        queue=topic.name,
        check=check,
        identify=identify,
        handler=ListLane(),
        audit=ListAudit,
        is_text=True,
    )
