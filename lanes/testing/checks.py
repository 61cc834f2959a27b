"""What must hold after every step of a history, whatever the handler is."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lanes.handler import LaneHandler
from lanes.record import InboxRecord, OutboxMessage, RecordsByKey
from lanes.testing.handler import Rejected, Settled, messages_of
from lanes.testing.ports import OWN
from lanes.testing.simulation import Simulation, Writer, Written
from lanes.testing.store import MemoryStore, MemoryTransaction

Effects = Callable[[MemoryStore], Mapping[str, Sequence[str]]]
"""Returns by key the ids of the records that have had an effect, in the order of their effects."""


def check_once(simulation: Simulation) -> None:
    """Check that every ingested record is in exactly one place: settled, waiting or a dead letter.

    Raise AssertionError.
    """
    states: dict[tuple[int, int], list[str]] = defaultdict(list)
    for record in _settled(simulation):
        states[record.partition, record.offset].append("settled")
    for record in simulation.waiting:
        states[record.partition, record.offset].append("waiting")
    for letter in simulation.dead_letters:
        states[letter.partition, letter.offset].append("dead letter")
    ingested = {
        (partition, offset)
        for partition, end in simulation.progress.items()
        for offset in range(end)
    }
    for partition, offset in sorted(ingested | states.keys()):
        found = states[partition, offset]
        if len(found) != 1 or (partition, offset) not in ingested:
            raise AssertionError(f"record {partition}@{offset} is in {found or 'no place'}")


def check_order(simulation: Simulation) -> None:
    """Check that each key's records are settled in the order of the log. Raise AssertionError."""
    last: dict[str, int] = {}
    for record in _settled(simulation):
        if record.offset <= last.get(record.key, -1):
            raise AssertionError(
                f"key {record.key!r}: offset {record.offset} was settled after {last[record.key]}"
            )
        last[record.key] = record.offset


def check_fail(simulation: Simulation) -> None:
    """Check that the handler's `fail` raised nothing that the platform would only log."""
    if simulation.handler.errors:
        error = simulation.handler.errors[0]
        raise AssertionError(f"`fail` raised {error!r}") from error


def check_effects(simulation: Simulation, effects: Effects) -> None:
    """Check that each settled record had one effect, in the order of the log.

    Its id is what the topic's `identify` returns, or the text of its value. Raise AssertionError.
    """
    expected: dict[str, list[str]] = defaultdict(list)
    for record in _settled(simulation):
        record_id = simulation.lane.identify(record.value) or record.payload
        if record_id not in expected[record.key]:
            expected[record.key].append(record_id)
    found = effects(simulation.store)
    for key in sorted(expected.keys() | found.keys()):
        if list(found.get(key, ())) != expected[key]:
            raise AssertionError(
                f"key {key!r}: settled are {expected[key]}, "
                f"but the effects are those of {list(found.get(key, ()))}"
            )


class SerialRun:
    """The same committed transactions, one after another: what the tables should hold.

    A difference means that a transaction has overwritten what another one wrote since it had read,
    or that the handler keeps something outside of its transaction.
    """

    def __init__(
        self,
        handler: LaneHandler[MemoryTransaction, Any],
        *,
        writers: Sequence[Writer],
        setup: Callable[[MemoryStore], object],
    ) -> None:
        self.store = MemoryStore()
        setup(self.store)
        self._handler, self._writers = handler, writers
        self._done = 0

    def check(self, simulation: Simulation) -> None:
        """Run what was committed since the last check, and compare. Raise AssertionError."""
        journal = simulation.store.journal
        differences = [self._run(entry) for entry in journal[self._done :]]
        self._done = len(journal)
        for table in sorted(_tables(simulation.store) | _tables(self.store)):
            self._compare(table, simulation.store.rows(table), self.store.rows(table))
        for difference in filter(None, differences):
            raise AssertionError(difference)

    def _run(self, entry: Settled | Rejected | Written) -> str | None:
        """Run it, and return in which way its messages differ."""
        with self.store.begin() as transaction:
            match entry:
                case Settled(lanes, messages):
                    state = self._handler.load(transaction, lanes)
                    settlements = self._handler.settle(transaction, state, lanes)
                    return _difference(_records(lanes), messages, messages_of(settlements))
                case Rejected(key, records, messages):
                    settlement = self._handler.fail(transaction, key, records)
                    return _difference(records, messages, messages_of([settlement]))
                case Written(which, number):
                    self._writers[which](transaction, number)
                    return None

    @staticmethod
    def _compare(table: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
        for key in [*expected, *(found.keys() - expected.keys())]:
            if found.get(key) != expected.get(key):
                raise AssertionError(
                    f"table {table!r}, row {key!r} is {found.get(key)!r}; one after another, the "
                    f"same transactions make it {expected.get(key)!r}"
                )


def _settled(simulation: Simulation) -> Iterable[InboxRecord]:
    for entry in simulation.store.journal:
        if isinstance(entry, Settled):
            yield from _records(entry.lanes)


def _records(lanes: RecordsByKey) -> list[InboxRecord]:
    return [record for records in lanes.values() for record in records]


def _tables(store: MemoryStore) -> set[str]:
    """The tables of the user."""
    return {table for table in store.tables if not table.startswith(OWN)}


def _difference(
    records: Sequence[InboxRecord],
    found: Sequence[OutboxMessage],
    expected: Sequence[OutboxMessage],
) -> str | None:
    if found == expected:
        return None
    ids = ", ".join(f"{record.partition}@{record.offset}" for record in records)
    return (
        f"for {ids} these messages were sent: {found}; one after another, the same transactions "
        f"send {expected}"
    )
