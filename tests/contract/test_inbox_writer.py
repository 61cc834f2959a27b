"""The port InboxWriter: progress is a fence, and each record is in the inbox once."""

from typing import Any

import pytest

from lanes.errors import BadDataError, OutageError
from tests.contract.conftest import Ports
from tests.contract.records import TOPIC, UndoError, insert, offsets, record, waiting


def begin_progress(ports: Ports, *, partition: int = 0, offset: int = 5) -> None:
    with ports.begin() as transaction:
        ports.inbox_writer.begin_progress(
            transaction, topic=TOPIC, partition=partition, topic_id="first", offset=offset
        )


def move(ports: Ports, transaction: Any, expected: int, next_offset: int) -> bool:
    return ports.inbox_writer.move_progress(
        transaction, topic=TOPIC, partition=0, expected=expected, next_offset=next_offset
    )


def progress(ports: Ports, topic: str = TOPIC) -> dict[int, tuple[int, str]]:
    with ports.begin() as transaction:
        return ports.inbox_writer.progress_of(transaction, topic)


def test_progress_begins_once_by_partition_and_topic(ports: Ports) -> None:
    assert progress(ports) == {}
    begin_progress(ports)
    begin_progress(ports, partition=1, offset=0)
    begin_progress(ports, offset=7)
    assert progress(ports) == {0: (5, "first"), 1: (0, "first")}
    assert progress(ports, "others") == {}


def test_progress_moves_only_from_where_it_is_expected(ports: Ports) -> None:
    begin_progress(ports)
    with ports.begin() as transaction:
        assert move(ports, transaction, 5, 8)
        assert not move(ports, transaction, 5, 9)
    assert progress(ports) == {0: (8, "first")}


def test_progress_that_never_began_does_not_move(ports: Ports) -> None:
    with ports.begin() as transaction:
        assert not move(ports, transaction, 0, 1)


def test_a_transaction_that_fails_leaves_nothing(ports: Ports) -> None:
    begin_progress(ports)

    def fail() -> None:
        with ports.begin() as transaction:
            assert move(ports, transaction, 5, 6)
            ports.inbox_writer.insert(transaction, [record(5)])
            raise UndoError

    with pytest.raises(UndoError):
        fail()
    assert progress(ports) == {0: (5, "first")}
    assert waiting(ports) == []


def test_a_transaction_sees_its_uncommitted_inbox_rows(ports: Ports) -> None:
    with ports.begin() as transaction:
        ports.inbox_writer.insert(transaction, [record(0)])
        assert waiting(ports) == []
        own = ports.lanes.read(transaction, topic=TOPIC, key="a", limit=9)
        assert offsets(own) == [0]
    assert offsets(waiting(ports)) == [0]


def test_an_open_transaction_sees_what_others_commit(ports: Ports) -> None:
    with ports.begin() as late:
        assert ports.inbox_writer.progress_of(late, TOPIC) == {}
        begin_progress(ports)
        assert ports.inbox_writer.progress_of(late, TOPIC) == {0: (5, "first")}
        assert move(ports, late, 5, 6)


def test_a_fenced_owner_waits_for_the_new_one_and_stops(ports: Ports) -> None:
    begin_progress(ports)

    def zombie() -> None:
        with ports.begin() as transaction:
            move(ports, transaction, 5, 7)

    with ports.begin() as owner:
        assert move(ports, owner, 5, 6)
        with pytest.raises(OutageError):
            zombie()
    assert progress(ports) == {0: (6, "first")}


def test_records_wait_as_they_were_inserted(ports: Ports) -> None:
    insert(ports)
    insert(ports, record(1), record(0), record(2, key="b"))
    assert waiting(ports) == [record(0), record(1)]
    assert [one.traceparent for one in waiting(ports, "b")] == [record(2).traceparent]
    assert all(one.ingested_at_s is not None for one in waiting(ports))


def test_a_record_is_inserted_once(ports: Ports) -> None:
    insert(ports, record(0))
    with pytest.raises(BadDataError):
        insert(ports, record(1), record(0, key="b"))
    assert offsets(waiting(ports)) == [0]
    assert waiting(ports, "b") == []
