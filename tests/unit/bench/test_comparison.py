"""The baseline is compared by ratios, and the process that changed is named."""

from pathlib import Path

from stack.bench.comparison import Step, compare, read_baseline, steps_of, write_baseline
from tests.unit.bench.test_table import step

BEFORE = Step(2_000, 1.0, {"gateway": 0.5, "kafka": 0.2, "beat": 0.001, "redis": 0.1})
NOW = Step(2_200, 0.8, {"gateway": 0.3, "kafka": 0.21, "beat": 0.004, "metrics": 0.05})


def test_changes_are_listed_by_process_largest_first() -> None:
    *_, line = compare({"ws": NOW}, {"ws": BEFORE})
    assert line == ("| ws | 1.10 | 0.80 | gateway 0.60, redis 0.00, metrics is new |")


def test_steps_that_only_one_of_both_has_are_left_out() -> None:
    assert compare({"ws": NOW}, {"http": BEFORE}) == []
    assert compare({"ws": NOW}, {"ws": NOW})[-1] == "| ws | 1.00 | 1.00 | nothing |"


def test_a_baseline_keeps_the_steps_it_had(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    assert read_baseline(file) == {}
    write_baseline({"a": BEFORE}, {"cpus": 2}, file)
    write_baseline(steps_of([step()]), {"cpus": 2}, file)
    kept = read_baseline(file)
    assert set(kept) == {"a", "ws 2,000/s, auctions 1, sockets 1,000"}
    assert kept["a"] == BEFORE
    assert kept["ws 2,000/s, auctions 1, sockets 1,000"].process_cpu_s["gateway"] == 0.2


def test_the_baseline_of_the_repository_can_be_read() -> None:
    assert read_baseline()
