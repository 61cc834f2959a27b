"""The store in memory behaves as PostgreSQL at READ COMMITTED, and can simulate failures."""

from collections.abc import Callable

import pytest

from lanes.dead_letter import FUTURE_VERSION
from lanes.errors import OutageError
from lanes.testing import MemoryStore, MemoryTransaction, Simulation
from lanes.testing.ports import PARKED_LANES
from lanes.testing.processes import Process
from tests.unit.lanes.accounts import ACCOUNTS, Accounts, lane_topic

TABLE = "things"


def in_transaction(store: MemoryStore, work: Callable[[MemoryTransaction], object]) -> None:
    with store.begin() as transaction:
        work(transaction)


def put(store: MemoryStore, key: str, value: object) -> None:
    in_transaction(store, lambda transaction: transaction.put(TABLE, key, value))


def run_to_end(process: Process) -> None:
    while process.is_alive:
        process.step()


def test_a_transaction_sees_own_and_committed_writes() -> None:
    store = MemoryStore()
    put(store, "b", 1)
    with store.begin() as transaction:
        transaction.put(TABLE, "a", 1)
        assert transaction.delete(TABLE, "b")
        assert not transaction.delete(TABLE, "c")
        put(store, "d", 4)
        assert transaction.scan(TABLE) == {"a": 1, "d": 4}
        assert transaction.get(TABLE, "b") is None
        assert store.rows(TABLE) == {"b": 1, "d": 4}
    assert store.rows(TABLE) == {"a": 1, "d": 4}


def test_rows_that_can_be_changed_in_place_are_copied() -> None:
    store, row = MemoryStore(), [1]
    put(store, "a", row)
    row.append(2)
    with store.begin() as transaction:
        transaction.get(TABLE, "a").append(3)
        transaction.scan(TABLE)["a"].append(4)
    assert store.rows(TABLE) == {"a": [1]}


def test_a_locked_row_is_waited_for_and_read_again() -> None:
    store = MemoryStore()
    put(store, "a", 1)

    def add() -> None:
        with store.begin() as transaction:
            transaction.put(TABLE, "a", transaction.lock(TABLE, "a") + 1)

    both = [Process("first", add), Process("second", add)]
    for _ in range(20):
        for process in both:
            process.step()
    assert store.rows(TABLE) == {"a": 3}


def test_a_wait_for_a_lock_times_out() -> None:
    store = MemoryStore()
    with store.begin() as holder:
        holder.lock(TABLE, "a")
        with pytest.raises(OutageError):
            put(store, "a", 1)
    put(store, "a", 2)


def test_after_a_refused_statement_a_transaction_can_only_end() -> None:
    store = MemoryStore()

    def ignore_it() -> None:
        with store.begin() as transaction:
            transaction.put(TABLE, "a", 1)
            store.refusals = 1
            with pytest.raises(OutageError, match="refused a statement"):
                transaction.put(TABLE, "b", 1)
            with pytest.raises(OutageError, match="an earlier statement"):
                transaction.put(TABLE, "b", 1)

    with pytest.raises(OutageError):
        ignore_it()
    assert store.rows(TABLE) == {}


def test_a_store_that_is_down_refuses_everything() -> None:
    store = MemoryStore()
    store.is_down = True
    with pytest.raises(OutageError):
        put(store, "a", 1)
    store.is_down = False
    put(store, "a", 1)
    assert store.commits == 1


def test_a_lost_commit_answer_follows_a_commit() -> None:
    store = MemoryStore()
    store.loses_commit_answer = True
    with pytest.raises(OutageError):
        put(store, "a", 1)
    assert store.rows(TABLE) == {"a": 1}


def test_operations_of_one_statement_are_not_interrupted() -> None:
    store = MemoryStore()

    def write() -> None:
        with store.begin() as transaction, transaction.statement():
            transaction.put(TABLE, "a", 1)
            transaction.put(TABLE, "b", 1)

    process = Process("writer", write)
    process.step()  # to the beginning
    process.step()  # to the statement
    process.step()  # to the commit
    process.step()  # to its answer
    assert store.rows(TABLE) == {"a": 1, "b": 1}
    run_to_end(process)


def test_a_killed_process_commits_nothing_and_loses_its_locks() -> None:
    store = MemoryStore()

    def write() -> None:
        with store.begin() as transaction:
            try:
                transaction.put(TABLE, "a", 1)
                transaction.put(TABLE, "b", 1)
            finally:
                in_transaction(store, lambda other: other.put(TABLE, "c", 1))

    process = Process("writer", write)
    for _ in range(3):
        process.step()
    process.kill()
    assert not process.is_alive
    assert (store.rows(TABLE), store.locks) == ({}, {})


def test_a_simulation_can_be_driven_step_by_step() -> None:
    simulation = Simulation(lane_topic(Accounts()))
    simulation.append(b"a", b'{"id": "p1", "amount": 5}')
    simulation.append(b"a", b'{"id": "p2", "amount": 2}', is_poison=True)
    simulation.append(None, b"")
    for _ in range(40):
        simulation.run("owner", 0, 1)
    assert [record.offset for record in simulation.waiting] == [0, 1]
    assert [letter.reason for letter in simulation.dead_letters] == ["NoKey"]
    assert simulation.progress == {0: 1, 1: 2}
    simulation.deliver(0)
    simulation.run("worker", 0, 5)
    simulation.kill(0)
    assert simulation.run("worker", 0, 1) == "no worker runs"
    simulation.finish()
    assert simulation.store.rows(ACCOUNTS)["a"].payments == ("p1", "p2")
    simulation.close()


def test_a_newer_record_parks_its_lane_until_the_deploy() -> None:
    simulation = Simulation(lane_topic(Accounts()))
    simulation.append(b"a", b'{"id": "p1", "amount": 5}')
    simulation.append(b"a", b'{"id": "p2", "amount": 2}', is_newer=True)
    for _ in range(40):
        simulation.run("owner", 0, 1)
    simulation.deliver(0)
    simulation.run("worker", 0, 100)
    assert [record.offset for record in simulation.waiting] == [1]
    ((parking, _),) = simulation.store.rows(PARKED_LANES).values()
    assert (parking.reason, simulation.dead_letters) == (FUTURE_VERSION, [])
    simulation.finish()
    assert simulation.store.rows(ACCOUNTS)["a"].payments == ("p1", "p2")
    simulation.close()


def test_a_record_that_kills_every_worker_delays_its_lane() -> None:
    simulation = Simulation(lane_topic(Accounts()))
    simulation.append(b"a", b'{"id": "p1", "amount": 1}')
    simulation.append(b"a", b'{"id": "p2", "amount": 2}', is_deadly=True)
    simulation.append(b"a", b'{"id": "p3", "amount": 3}')
    simulation.finish()
    assert [(one.offset, one.reason) for one in simulation.dead_letters] == [(1, "WorkerDied")]
    simulation.close()
