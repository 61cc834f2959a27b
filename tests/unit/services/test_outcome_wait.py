"""A request waits for an outcome as long as it may, and no longer."""

from itertools import islice, repeat

from app.services.outcome_wait import growing_pauses, wait_for_outcome


class Outcomes:
    """An outcome that is there at `at_s`, by a clock that only pauses move."""

    def __init__(self, at_s: float) -> None:
        self.now_s, self.at_s, self.reads = 0.0, at_s, 0

    def read(self) -> str | None:
        self.reads += 1
        return "won" if self.now_s >= self.at_s else None

    def pause(self, seconds: float) -> None:
        self.now_s += seconds

    def wait(self, pauses_s: "repeat[float] | tuple[float, ...]", within_s: float) -> str | None:
        return wait_for_outcome(
            self.read, pauses_s, within_s=within_s, pause=self.pause, clock=lambda: self.now_s
        )


def test_an_outcome_is_returned_at_the_first_read_after_it_came() -> None:
    outcomes = Outcomes(at_s=2.0)
    assert outcomes.wait(repeat(1.0), within_s=5.0) == "won"
    assert (outcomes.now_s, outcomes.reads) == (2.0, 2)


def test_the_last_read_is_at_the_end_of_the_patience() -> None:
    assert Outcomes(at_s=2.5).wait(repeat(1.0), within_s=2.5) == "won"
    late = Outcomes(at_s=2.6)
    assert late.wait(repeat(1.0), within_s=2.5) is None
    assert (late.now_s, late.reads) == (2.5, 3)


def test_a_single_pause_of_nothing_is_one_read_at_once() -> None:
    late = Outcomes(at_s=1.0)
    assert late.wait((0.0,), within_s=5.0) is None
    assert (late.now_s, late.reads) == (0.0, 1)


def test_pauses_grow_up_to_a_bound() -> None:
    assert list(islice(growing_pauses(), 6)) == [0.02, 0.04, 0.08, 0.16, 0.2, 0.2]
