"""The simulation finds the bugs that handlers have, and shows a history that can be run again."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import structlog

from lanes.codec import Message, Record
from lanes.record import RawRecord
from lanes.testing import MemoryStore, MemoryTransaction, SimulationFailed, simulate
from stack.places import CHECKOUT
from tests.unit.lanes.accounts import (
    ACCOUNTS,
    Accounts,
    WithCache,
    WithFragileFail,
    WithoutGuard,
    WithoutMemory,
    effects,
    interest,
    lane_topic,
    payment,
)


def failure_of(handler: Accounts, **arguments: Any) -> SimulationFailed:
    """How the simulation of a handler fails."""
    with pytest.raises(SimulationFailed) as raised:
        simulate(lane_topic(handler), values=payment, **arguments)
    return raised.value


def test_a_correct_handler_passes() -> None:
    simulate(
        lane_topic(Accounts()), values=payment, effects=effects, writers=[interest], histories=300
    )


def test_a_missing_guard_is_found_and_its_seed_reproduces_it() -> None:
    found = failure_of(WithoutGuard(), writers=[interest])
    again = failure_of(WithoutGuard(), writers=[interest], seed=found.seed, histories=1)
    assert str(again) == str(found)
    assert f"seed={found.seed}" in str(found)


def test_the_history_shown_is_short() -> None:
    assert len(failure_of(WithoutGuard(), writers=[interest], seed=1).steps) <= 12


def test_without_another_writer_no_guard_is_needed() -> None:
    simulate(lane_topic(WithoutGuard()), values=payment, effects=effects, histories=300)


def test_an_effect_that_is_repeated_is_found_by_ids() -> None:
    found = failure_of(WithoutMemory(), effects=effects)
    assert "but the effects are those of" in str(found)


def test_a_repeated_effect_is_found_by_the_users_check() -> None:
    def once(store: MemoryStore, log: Sequence[Sequence[RawRecord]]) -> None:
        assert all(raw.offset == offset for part in log for offset, raw in enumerate(part))
        for key, account in store.rows(ACCOUNTS).items():
            assert len(set(account.payments)) == len(account.payments), f"twice in {key}"

    assert "twice in" in str(failure_of(WithoutMemory(), check=once))


def test_state_kept_in_the_process_is_found() -> None:
    assert "one after another" in str(failure_of(WithCache()))


def test_a_fail_that_raises_is_found_without_a_topic() -> None:
    with pytest.raises(SimulationFailed, match="`fail` raised JSONDecodeError"):
        simulate(WithFragileFail(), values=payment)


class Line(msgspec.Struct, frozen=True):
    """What is ordered."""

    number: int


def order(transaction: MemoryTransaction, key: str, records: Sequence[Record]) -> list[Message]:
    """Settle orders: a line for each record, and how many there are, by key."""
    for record in records:
        transaction.put("lines", (key, record.offset), record.value.number)
    counted = (transaction.get("counts", key) or 0) + len(records)
    transaction.put("counts", key, counted)
    return [Message("events", key, {"lines": counted})]


def order_of_all(
    transaction: MemoryTransaction, key: str, records: Sequence[Record]
) -> list[Message]:
    """The same, with one count of all keys, which several lanes write at the same time."""
    return order(transaction, "all", records)


def line(chance: random.Random, _: str) -> bytes:
    return msgspec.json.encode(Line(chance.randrange(9)))


def test_a_function_passes_that_writes_only_what_is_of_its_key() -> None:
    simulate(order, values=line, value_type=Line, histories=300)


def test_a_repeated_value_is_found_by_its_text() -> None:
    def ordered(store: MemoryStore) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for (key, _), number in store.rows("lines").items():
            found.setdefault(key, []).append(msgspec.json.encode(Line(number)).decode())
        return found

    with pytest.raises(SimulationFailed, match="but the effects are those of"):
        simulate(order, values=line, value_type=Line, effects=ordered, histories=300)
    lines = [msgspec.json.encode(Line(number)) for number in range(100_000)]
    simulate(
        order, values=lines, value_type=Line, effects=ordered, repeats=False, histories=50, seed=1
    )


def test_a_function_is_found_that_adds_up_over_several_keys() -> None:
    with pytest.raises(SimulationFailed, match="one after another"):
        simulate(order_of_all, values=line, value_type=Line)


def test_records_are_repeated_only_if_repeats_is_true() -> None:
    values = [b'{"id": "%d", "amount": 1}' % number for number in range(100_000)]

    def check(_: MemoryStore, log: Sequence[Sequence[RawRecord]]) -> None:
        for part in log:
            times = Counter(raw.value for raw in part if not raw.replays and raw.key)
            whole = {value for value in times if value is not None and value.endswith(b"}")}
            assert all(times[value] == 1 for value in whole)

    simulate(Accounts(), values=values, check=check, repeats=False, histories=50, seed=1)
    with pytest.raises(SimulationFailed):
        simulate(Accounts(), values=values, check=check, histories=50, seed=1)


def test_an_error_of_a_writer_is_the_failure() -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    found = failure_of(Accounts(), writers=[broken])
    assert isinstance(found.__cause__, ZeroDivisionError)
    assert "ZeroDivisionError" in str(found)


def test_a_failure_that_does_not_repeat_is_named_so() -> None:
    calls: list[object] = []

    def fails_once(*_: object) -> None:
        calls.append(None)
        assert len(calls) != 5

    assert "not when it ran again" in str(failure_of(Accounts(), check=fails_once))


def test_a_seed_means_the_same_in_another_process() -> None:
    code = (
        "from tests.unit.lanes.test_simulate import *\n"
        "print(failure_of(WithoutGuard(), writers=[interest], seed=1))"
    )
    texts = {
        subprocess.run(
            (sys.executable, "-c", code),
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_setup_fills_the_tables_of_every_history() -> None:
    seen = []

    def setup(store: MemoryStore) -> None:
        store.rows("limits")["a"] = 7

    def check(store: MemoryStore, _: object) -> None:
        seen.append(store.rows("limits")["a"])

    simulate(lane_topic(Accounts()), values=payment, setup=setup, check=check, histories=3)
    assert set(seen) == {7}


def test_a_handler_that_settles_nothing_is_found() -> None:
    def function(transaction: Any, key: str, records: Sequence[Record]) -> None:
        transaction.execute("SELECT 1")

    with pytest.raises(AssertionError, match=r"No record was settled .* AttributeError"):
        simulate(function, values=[b"1"], histories=20)


def test_a_simulation_restores_the_log_configuration() -> None:
    before = structlog.get_config()
    simulate(Accounts(), values=[b'{"id": "1", "amount": 1}'], histories=1)
    assert structlog.get_config() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keys": ()}, "keys is empty"),
        ({"values": ()}, "values is empty"),
        ({"histories": 0}, "histories must be 1 or more, not 0"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(Accounts(), **{"values": payment, **arguments})


def test_a_handler_that_lacks_a_method_is_refused() -> None:
    with pytest.raises(TypeError, match=r"object is no LaneHandler: it has no load\(\)"):
        simulate(object(), values=payment)  # type: ignore[arg-type]
