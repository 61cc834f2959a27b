"""How long ingest waits for more records: longer for many lanes, never after a full batch."""

from lanes.pipelines.ingest import FULL_RECORDS, PAUSE_MAX_S, pause_s


def test_the_pause_grows_with_the_lanes_of_a_batch() -> None:
    few, some, many = (pause_s(records=30, lanes=lanes) for lanes in (1, 4, 30))
    assert 0 < few < some < many == PAUSE_MAX_S


def test_a_full_batch_is_followed_at_once() -> None:
    assert pause_s(records=FULL_RECORDS, lanes=10) == 0
