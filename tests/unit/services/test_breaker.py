"""A store that does not answer is probed by one caller at a time until it does."""

from app.services.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def a_breaker(clock: Clock) -> Breaker:
    return Breaker("mongodb", timeout_s=2.0, pause_s=1.0, clock=clock)


def test_a_store_that_answers_is_open_to_all_callers() -> None:
    breaker = a_breaker(Clock())
    assert all(breaker.allows() for _ in range(100))
    breaker.answered()
    assert (breaker.allows(), breaker.is_open) == (True, False)


def test_after_an_unanswered_call_no_caller_asks() -> None:
    clock = Clock()
    breaker = a_breaker(clock)
    breaker.unanswered()
    assert breaker.is_open
    clock.now += 0.9
    assert not any(breaker.allows() for _ in range(100))


def test_after_a_pause_one_caller_probes_and_others_wait() -> None:
    clock = Clock()
    breaker = a_breaker(clock)
    breaker.unanswered()
    clock.now += 1.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    clock.now += 2.0
    breaker.unanswered()
    assert not breaker.allows(), "another pause"
    clock.now += 1.0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.answered()
    assert all(breaker.allows() for _ in range(3))
    assert not breaker.is_open


def test_a_call_that_never_reports_does_not_block_for_ever() -> None:
    clock = Clock()
    breaker = a_breaker(clock)
    breaker.unanswered()
    clock.now += 1.0
    assert breaker.allows()
    clock.now += 3.0
    assert breaker.allows()


def test_callers_waiting_behind_an_unanswered_call_fail() -> None:
    clock = Clock()
    breaker = a_breaker(clock)
    moment = breaker.now()
    assert not breaker.has_failed_since(moment)
    clock.now += 2.0
    breaker.unanswered()
    assert breaker.has_failed_since(moment)
    clock.now += 1.0
    assert not breaker.has_failed_since(breaker.now())
