"""What of a run is measured again, once: what missed its floor.

Other programs on a machine only make figures worse, for a minute or for an hour. So the better of
two measurements is nearer to what the system does; the report names both.
"""

from collections.abc import Collection, Mapping, Sequence

from stack.bench.floors import CPU_RATE, FLOORS, Floor, number


def missed(figures: Mapping[str, float]) -> list[Floor]:
    """Return the floors that a measured figure missed."""
    return [floor for floor in FLOORS if floor.is_missed(figures.get(floor.name))]


def steps_again(floors: Collection[Floor], rates: Sequence[float]) -> list[tuple[int, float]]:
    """Return the steps that can prove the floors, as (auctions, bids/s): of `rates` the one just
    above the floor of a rate, and the one at which CPU is compared."""
    again: set[tuple[int, float]] = set()
    for floor in floors:
        kind, _, auctions = floor.name.partition(".")
        if kind == "held":
            above = [rate for rate in rates if rate > floor.floor]
            again.update((int(auctions), rate) for rate in sorted(above)[:1])
        elif kind == "cpu":
            again.add((int(auctions), CPU_RATE))
    return sorted(again)


def scenarios_again(floors: Collection[Floor], names: Collection[str]) -> list[str]:
    """Return those of the scenarios that a floor is of."""
    of = {floor.name.partition(".")[0] for floor in floors}
    return [name for name in names if name in of]


def better(first: Mapping[str, float], second: Mapping[str, float]) -> Mapping[str, float]:
    """Return the figures of the second measurement when fewer of them miss their floors."""
    return second if len(missed(second)) < len(missed(first)) else first


def notes(
    floors: Collection[Floor], first: Mapping[str, float], second: Mapping[str, float]
) -> list[str]:
    """Return what was measured twice, both times."""
    return [
        f"measured again, because its floor was missed: {floor.words}: "
        f"{number(first[floor.name])}, then {number(second[floor.name])}"
        for floor in floors
        if floor.name in second
    ]
