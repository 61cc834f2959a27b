"""The backlog of a topic: when it is over its limit, and how old its oldest record is."""

from lanes.backlog import OffsetHistory, Watermark


def test_a_backlog_is_over_until_80_percent_of_its_limit() -> None:
    watermark = Watermark()
    fills = (0.0, 1.0, 1.01, 0.9, 0.8, 0.79, 0.9, 1.0, 1.2)
    over = [watermark.update(fill) for fill in fills]
    assert over == [False, False, True, True, True, False, False, False, True]


def test_the_history_has_the_age_of_the_oldest_record() -> None:
    history = OffsetHistory()
    assert history.behind_s(done=0, end=0, now=0.0) == 0.0
    assert history.behind_s(done=0, end=10, now=1.0) == 0.0
    assert history.behind_s(done=0, end=20, now=2.0) == 1.0
    assert history.behind_s(done=9, end=30, now=3.0) == 2.0, "the tenth came at 1.0"
    assert history.behind_s(done=10, end=30, now=4.0) == 2.0, "the eleventh came at 2.0"
    assert history.behind_s(done=30, end=30, now=5.0) == 0.0
