"""The limits of frames and bytes a second; a client that does not pause is closed."""

from app.web.ws.rate import FrameRate, RateDecision


def rate() -> FrameRate:
    return FrameRate(per_s=20, bytes_per_s=1_000, patience_s=3.0, now=0.0)


def test_a_burst_of_one_second_passes_and_the_next_is_refused() -> None:
    limited = rate()
    assert {limited.check(0.0) for _ in range(20)} == {RateDecision.PASS}
    assert limited.check(0.0) is RateDecision.REFUSE
    assert 1 <= limited.retry_after_ms <= 51


def test_the_rate_refills() -> None:
    limited = rate()
    for _ in range(21):
        limited.check(0.0)
    assert limited.check(0.1) is RateDecision.PASS


def test_three_seconds_without_a_pause_close() -> None:
    limited = rate()
    verdicts = [limited.check(step / 100) for step in range(401)]
    first = verdicts.index(RateDecision.REFUSE)
    closed = verdicts.index(RateDecision.CLOSE)
    assert 300 <= closed - first <= 310


def test_a_pause_resets_the_closing_limit() -> None:
    limited = rate()
    for start in range(0, 20, 4):
        verdicts = {limited.check(start + step / 100) for step in range(200)}
        assert verdicts == {RateDecision.PASS, RateDecision.REFUSE}


def test_too_many_bytes_are_refused_in_any_kind_of_frame() -> None:
    limited = rate()
    limited.add_bytes(2_001, 0.0)
    assert limited.check(0.0) is RateDecision.REFUSE
    assert limited.check(0.001) is RateDecision.PASS
    limited.add_bytes(3_000, 0.001)
    assert limited.check(0.5) is RateDecision.REFUSE
    assert 2_400 <= limited.retry_after_ms <= 2_600


def test_reading_pauses_for_a_socket_that_floods() -> None:
    limited = rate()
    for _ in range(25):
        limited.check(0.0)
    assert limited.hold_s() == 0
    for _ in range(20):
        limited.check(0.0)
    assert limited.hold_s() > 0
    assert limited.hold_s() == 0, "once"
    limited.add_bytes(2_100, 0.0)
    assert 0.09 < limited.hold_s() < 0.11, "as long as they take to be few enough"
