"""How long ingest waits for more records: never where few come, longer for many lanes."""

from bridge.pipelines.ingest import FULL_RECORDS, PAUSE_MAX_S, pause_s


def test_a_quiet_lane_is_never_kept_waiting() -> None:
    assert pause_s(records=1, lanes=1, since_s=1.0) == 0
    assert pause_s(records=1, lanes=1, since_s=0.02) == 0, "one bid after the other"


def test_a_busy_lane_waits_a_little() -> None:
    assert 0 < pause_s(records=10, lanes=1, since_s=0.03) < PAUSE_MAX_S


def test_the_more_lanes_a_batch_touches_the_longer_the_next_is_gathered() -> None:
    few, some, many = (pause_s(records=30, lanes=lanes, since_s=0.1) for lanes in (1, 4, 30))
    assert few < some < many == PAUSE_MAX_S


def test_a_full_batch_is_followed_at_once() -> None:
    assert pause_s(records=FULL_RECORDS, lanes=10, since_s=0.1) == 0
