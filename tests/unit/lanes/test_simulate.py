"""The simulation finds the bugs that handlers have, and shows a history that can be run again."""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
import structlog

from lanes.record import RawRecord
from lanes.testing import MemoryStore, SimulationFailed, simulate
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


def test_a_forgotten_guard_is_found_and_its_seed_shows_it_again() -> None:
    found = failure_of(WithoutGuard(), writers=[interest])
    again = failure_of(WithoutGuard(), writers=[interest], seed=found.seed, histories=1)
    assert str(again) == str(found)
    assert len(found.steps) < 20
    assert f"seed={found.seed}" in str(found)


def test_without_another_writer_no_guard_is_needed() -> None:
    simulate(lane_topic(WithoutGuard()), values=payment, effects=effects, histories=300)


def test_an_effect_that_is_repeated_is_found_by_ids() -> None:
    found = failure_of(WithoutMemory(), effects=effects)
    assert "but the effects are those of" in str(found)


def test_and_by_a_check_of_the_users_own() -> None:
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


def test_logs_are_as_before_afterwards() -> None:
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
