"""Twenty frames a second pass; the rest is refused; who does not pause is closed."""

from app.web.ws.rate import FrameRate, Verdict


def rate() -> FrameRate:
    return FrameRate(per_s=20, patience_s=3.0, now=0.0)


def test_a_second_of_frames_passes_at_once_and_the_next_is_refused() -> None:
    limited = rate()
    assert {limited.judge(0.0) for _ in range(20)} == {Verdict.PASS}
    assert limited.judge(0.0) is Verdict.REFUSE
    assert 1 <= limited.retry_after_ms <= 51


def test_it_fills_again() -> None:
    limited = rate()
    for _ in range(21):
        limited.judge(0.0)
    assert limited.judge(0.1) is Verdict.PASS


def test_three_seconds_without_a_pause_close() -> None:
    limited = rate()
    verdicts = [limited.judge(step / 100) for step in range(401)]
    first = verdicts.index(Verdict.REFUSE)
    closed = verdicts.index(Verdict.CLOSE)
    assert 300 <= closed - first <= 310


def test_a_pause_forgives() -> None:
    limited = rate()
    for start in range(0, 20, 4):
        verdicts = {limited.judge(start + step / 100) for step in range(200)}
        assert verdicts == {Verdict.PASS, Verdict.REFUSE}
