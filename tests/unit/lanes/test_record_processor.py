"""A plain consumer handles good records, and stops before one that it must not skip."""

from collections.abc import Sequence

import pytest

from lanes.dead_letter import FUTURE_VERSION, TOO_MANY, Parking
from lanes.errors import BadDataError, BadRecordError, FutureVersionError, OutageError
from lanes.record import RawRecord
from lanes.record_processor import ProcessorPorts, RecordHandler, RecordProcessor
from lanes.testing import MemoryPorts, MemoryTransaction
from lanes.testing.ports import PARKED_PARTITIONS
from tests.unit.lanes.builders import DEAD_LETTER_LIMIT, PER_PARTITION, TOPIC, Store, raw

HERE, OTHER = (TOPIC.name, 0), (TOPIC.name, 1)


class MemoryConsumer(RecordHandler[bytes]):
    """Has the effect of putting values on a heap; some it cannot read, or its store refuses."""

    group = "heap"
    topics = (TOPIC,)

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.is_down = False

    def read(self, record: RawRecord) -> bytes:
        if record.value == b"bad":
            raise BadRecordError("Undecodable", "cannot be read")
        if record.value == b"newer":
            raise FutureVersionError("version 2")
        return record.value or b""

    def handle(self, items: Sequence[bytes]) -> None:
        if self.is_down:
            raise OutageError("away")
        if b"refused" in items:
            raise BadDataError("not in my store")
        self.values += [item for item in items if item not in self.values]


def batch(*values: bytes, partition: int = 0) -> list[RawRecord]:
    return [raw(offset, value, partition=partition) for offset, value in enumerate(values)]


def make_handling(store: Store) -> tuple[MemoryConsumer, RecordProcessor[bytes, MemoryTransaction]]:
    consumer = MemoryConsumer()
    return consumer, RecordProcessor(
        consumer, ProcessorPorts(store.begin, MemoryPorts(), DEAD_LETTER_LIMIT)
    )


def test_a_batch_without_fault_is_handled_at_once() -> None:
    consumer, handling = make_handling(Store())
    handled = handling.handle({HERE: batch(b"1", b"2"), OTHER: batch(b"3", partition=1)})
    assert consumer.values == [b"1", b"2", b"3"]
    assert handled == {HERE: 2, OTHER: 1}


@pytest.mark.parametrize(
    ("value", "reason"), [(b"bad", "Undecodable"), (b"refused", "HandlerError")]
)
def test_the_failing_record_is_a_dead_letter_the_rest_is_handled(value: bytes, reason: str) -> None:
    store = Store()
    consumer, handling = make_handling(store)
    assert handling.handle({HERE: batch(b"1", value, b"2")}) == {HERE: 3}
    assert consumer.values == [b"1", b"2"]
    assert store.reasons() == [(1, reason)]
    (letter,) = store.letters
    assert (letter.payload, letter.group, letter.attempts) == (value, "heap", 1)


def test_an_outage_is_raised_and_blames_no_record() -> None:
    store = Store()
    consumer, handling = make_handling(store)
    consumer.is_down = True
    with pytest.raises(OutageError):
        handling.handle({HERE: batch(b"1", b"refused")})
    assert store.reasons() == []


def test_an_outage_of_the_store_of_dead_letters_loses_none() -> None:
    store = Store()
    _, handling = make_handling(store)
    store.is_down = True
    with pytest.raises(OutageError):
        handling.handle({HERE: batch(b"bad")})
    store.is_down = False
    handling.handle({HERE: batch(b"bad")})
    assert store.reasons() == [(0, "Undecodable")]


def test_a_newer_schema_parks_only_its_partition() -> None:
    store = Store()
    consumer, handling = make_handling(store)
    handled = handling.handle({HERE: batch(b"1", b"newer", b"2"), OTHER: batch(b"3", partition=1)})
    assert handled == {HERE: 1, OTHER: 1}
    assert consumer.values == [b"1", b"3"]
    assert store.reasons() == []
    assert store.parked[("heap", *HERE)].reason == FUTURE_VERSION


def test_too_many_dead_letters_park_the_partition() -> None:
    store = Store()
    consumer, handling = make_handling(store)
    values = [b"bad"] * (PER_PARTITION + 1) + [b"1"]
    assert handling.handle({HERE: batch(*values)}) == {HERE: PER_PARTITION}
    assert store.parked[("heap", *HERE)].reason == TOO_MANY
    assert handling.handle({HERE: batch(*values)}) == {}
    assert (consumer.values, len(store.letters)) == ([], PER_PARTITION)
    assert handling.refresh_parked(is_required=True) == {}
    store.unpark_all()
    assert handling.refresh_parked(is_required=True) == {HERE: PER_PARTITION}
    handling.handle({HERE: batch(*values)[PER_PARTITION:]})
    assert consumer.values == [b"1"]


def test_an_unparked_partition_resumes_where_it_was_parked() -> None:
    store = Store()
    consumer, handling = make_handling(store)
    for place in (("heap", *HERE), ("other", *OTHER)):
        store.rows(PARKED_PARTITIONS)[place] = (Parking("ByHand", ""), 0.0)
    handling.refresh_parked(is_required=True)
    assert handling.handle({HERE: batch(b"1", b"2")}) == {}
    handling.handle({HERE: [raw(2, b"3")]})
    assert consumer.values == []
    store.unpark_all()
    assert handling.refresh_parked(is_required=True) == {HERE: 0}


def test_a_reassigned_partition_is_forgotten() -> None:
    store = Store()
    _, handling = make_handling(store)
    handling.handle({HERE: batch(b"newer")})
    handling.revoke([HERE])
    store.unpark_all()
    assert handling.refresh_parked(is_required=True) == {}


def test_while_parked_state_is_unknown_the_last_one_holds() -> None:
    store = Store()
    consumer, handling = make_handling(store)
    handling.handle({HERE: batch(b"newer")})
    store.is_down = True
    assert handling.refresh_parked(is_required=False) == {}
    assert handling.handle({HERE: batch(b"newer"), OTHER: batch(b"3", partition=1)}) == {OTHER: 1}
    assert consumer.values == [b"3"]
    with pytest.raises(OutageError):
        handling.refresh_parked(is_required=True)
