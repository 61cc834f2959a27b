"""A busy pipeline pauses between batches, and a quiet one does not."""

from types import SimpleNamespace

import pytest

from lanes.pacing import Pace, is_worth_it


def test_a_quiet_pipeline_does_not_pause() -> None:
    assert not is_worth_it(items=1, since_s=1.0, pause_s=0.06)
    assert not is_worth_it(items=1, since_s=0.06, pause_s=0.06), "one after the other"


def test_a_busy_pipeline_pauses() -> None:
    assert is_worth_it(items=10, since_s=0.06, pause_s=0.06)


def test_a_pace_pauses_by_what_came_since_the_last_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: now, sleep=pauses.append)
    monkeypatch.setattr("lanes.pacing.time", clock)
    pace = Pace()
    now = 101.0
    pace.pause(items=10, longest_s=0.06)
    assert pauses == [], "ten in a second"
    now = 101.02
    pace.pause(items=10, longest_s=0.06)
    assert pauses == [0.06], "ten in a moment"
