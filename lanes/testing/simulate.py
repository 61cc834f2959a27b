"""Runs a handler through thousands of histories of crashes, and shows the shortest that fails."""

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from lanes.codec import Codec
from lanes.handler import LaneHandler, LaneTopic
from lanes.testing.checks import Effects
from lanes.testing.functions import Function, MemoryFunctionLane
from lanes.testing.history import (
    Check,
    Failure,
    Outcome,
    Plan,
    Setup,
    Values,
    make_history,
    run_history,
    shortest_history,
)
from lanes.testing.simulation import PARTITIONS, Writer, without_logs
from lanes.testing.steps import Step
from lanes.testing.store import MemoryTransaction
from lanes.text import as_text
from lanes.topic import Topic

SEEDS = 2**32
SIMULATED = "simulated"  # topic, group and queue of a handler alone
METHODS = ("load", "settle", "fail", "settled")

Simulated: TypeAlias = LaneTopic[MemoryTransaction] | LaneHandler[MemoryTransaction, Any] | Function
"""What can be simulated: a topic, a handler alone, or a function."""


class SimulationFailed(AssertionError):  # noqa: N818 - as a test says it
    """A history in which something does not hold.

    `seed` makes `simulate` run it first; `steps` are the shortest found that fail.
    """

    def __init__(self, seed: int, steps: Sequence[Step], failure: Failure) -> None:
        numbered = "\n".join(f"  {number}. {line}" for number, line in enumerate(failure.lines, 1))
        error = failure.error
        what = str(error) if type(error) is AssertionError else repr(error)
        super().__init__(
            f"{what}\nThe shortest history found:\n{numbered}\n"
            f"To run it again: simulate(…, seed={seed})"
        )
        self.seed, self.steps = seed, steps


def simulate(  # noqa: PLR0913 - what a test says, each by name
    topic: Simulated,
    *,
    values: Values | Sequence[bytes],
    value_type: Any = bytes,  # noqa: ANN401 - any type that msgspec reads
    keys: Sequence[str] = ("a", "b", "c"),
    histories: int = 10_000,
    seed: int | None = None,
    setup: Setup = lambda _: None,
    check: Check = lambda *_: None,
    effects: Effects | None = None,
    writers: Sequence[Writer] = (),
    repeats: bool = True,
    is_serial: bool = True,
) -> None:
    """Run the handler of a topic, or a handler or a function alone, through histories of crashes.

    `values` are the values of records, or a function that makes one up for a key; a function gets
    them as `value_type`. `setup` fills the tables before the first record. `check` is called after
    every step that has committed something. `effects` says which records have had an effect, to
    check that each has had one, in order. `writers` are other transactions that write the tables of
    the handler. With `repeats` producers append some records twice. With `is_serial` the tables and
    messages must be those of the same transactions run one after another; a handler that stores the
    time or random values needs False.

    Raise SimulationFailed for the first history that fails, AssertionError when no record was
    settled in any, ValueError and TypeError for arguments
    that cannot be used. `seed` is that of the first history; None: chosen by chance.
    """
    plan = Plan(
        lane=_lane_topic(topic, value_type),
        values=_chosen(values),
        keys=_not_empty("keys", keys),
        setup=setup,
        check=check,
        effects=effects,
        writers=writers,
        repeats=repeats,
        is_serial=is_serial,
        outcome=Outcome(),
    )
    if histories < 1:
        raise ValueError(f"histories must be 1 or more, not {histories}")
    first = random.SystemRandom().randrange(SEEDS) if seed is None else seed
    with without_logs():
        for number in range(first, first + histories):
            _run(plan, number)
    if not plan.outcome.has_settled:
        error = plan.outcome.last_error
        raise AssertionError(f"No record was settled in any history; raised: {error!r}") from error


def _run(plan: Plan, seed: int) -> None:
    steps: Sequence[Step] = make_history(plan, random.Random(seed))  # noqa: S311 - of a test
    if run_history(plan, steps) is None:
        return
    shortest = shortest_history(plan, steps)
    failure = run_history(plan, shortest)
    if failure is None:
        error = AssertionError(
            "A history failed once, and not when it ran again: the handler, a writer or a check "
            "depends on more than its arguments and the tables"
        )
        failure = Failure([str(step) for step in shortest], error)
    raise SimulationFailed(seed, shortest, failure) from failure.error


def _lane_topic(topic: Simulated, value_type: Any) -> LaneTopic[MemoryTransaction]:  # noqa: ANN401 - any type
    if isinstance(topic, LaneTopic):
        _check_methods(topic.handler)
        return topic
    codec = Codec(value_type)
    if callable(topic):
        return _simulated(MemoryFunctionLane(SIMULATED, topic, codec), codec.check)
    _check_methods(topic)
    return _simulated(topic, codec.check)


def _simulated(
    handler: LaneHandler[MemoryTransaction, Any], check: Callable[[str, bytes], object]
) -> LaneTopic[MemoryTransaction]:
    """A topic of this handler, whose records are known by their values."""
    topic = Topic(SIMULATED, PARTITIONS)
    return LaneTopic(topic, SIMULATED, SIMULATED, check, as_text, handler)


def _check_methods(handler: object) -> None:
    for method in METHODS:
        if not callable(getattr(handler, method, None)):
            raise TypeError(f"{type(handler).__name__} is no LaneHandler: it has no {method}()")


def _chosen(values: Values | Sequence[bytes]) -> Values:
    if callable(values):
        return values
    given = _not_empty("values", values)
    return lambda chance, _: chance.choice(given)


def _not_empty(name: str, items: Sequence[Any]) -> Sequence[Any]:
    if not items:
        raise ValueError(f"{name} is empty")
    return items
