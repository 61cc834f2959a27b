"""Metrics of ended processes: their counts are kept in a few files, each once."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.observability.multiprocess import merge_dead_processes, render

# A process that counts, sets gauges, and is killed.
COUNTING = """
import os, signal, sys
from prometheus_client import Counter, Gauge, Histogram
number = float(sys.argv[1])
Counter("things", "Things.", ["kind"]).labels("a").inc(number)
Histogram("size", "Size.", buckets=[1, 10]).observe(number)
Gauge("living", "Living.", multiprocess_mode="livesum").set(number)
Gauge("last", "Last.", multiprocess_mode="mostrecent").set(number)
Gauge("largest", "Largest.", multiprocess_mode="max").set(10 - number)
os.kill(os.getpid(), signal.SIGKILL)
"""
TOTALS = {"things_total": 7.0, "size_sum": 7.0, "size_count": 3.0, "last": 4.0, "largest": 9.0}
BUCKETS = {"1.0": 1.0, "10.0": 3.0, "+Inf": 3.0}


def count_and_die(directory: Path, *numbers: int) -> None:
    """One process after the other, each killed."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    for number in numbers:
        command = (sys.executable, "-c", COUNTING, str(number))
        assert subprocess.run(command, env=environment, check=False).returncode == -9


def shown(directory: Path) -> dict[str, float]:
    families = text_string_to_metric_families(render(directory).decode())
    return {
        sample.labels.get("le", sample.name): sample.value
        for family in families
        for sample in family.samples
    }


def check(directory: Path) -> None:
    assert shown(directory) == {**TOTALS, **BUCKETS}


def files(directory: Path) -> set[str]:
    return {file.name for file in directory.iterdir()}


def test_counters_of_dead_processes_stay_and_gauges_do_not(tmp_path: Path) -> None:
    count_and_die(tmp_path, 1, 2, 4)
    check(tmp_path)
    check(tmp_path)
    kinds = ("counter", "histogram", "gauge_mostrecent", "gauge_max")
    merged = {f"{kind}_merged.db" for kind in kinds}
    assert files(tmp_path) == {*merged, "lock"}


def test_dead_processes_are_counted_once_between_reads(tmp_path: Path) -> None:
    for number in (1, 2, 4):
        count_and_die(tmp_path, number)
        shown(tmp_path)
        assert len(files(tmp_path)) == 5
    check(tmp_path)


def test_a_living_process_keeps_its_files(tmp_path: Path) -> None:
    count_and_die(tmp_path, 1)
    for file in tmp_path.glob("*.db"):
        kind = file.stem.rpartition("_")[0]
        file.rename(tmp_path / f"{kind}_{os.getpid()}.db")
    before = files(tmp_path)
    assert shown(tmp_path)["living"] == 1.0
    assert files(tmp_path) == {*before, "lock"}


class Killed(BaseException):
    """The reader dies here."""


def killing(method: Callable[..., object], suffix: str) -> Callable[..., object]:
    def die_instead(file: Path, *arguments: object, **options: object) -> object:
        if file.name.endswith(suffix):
            raise Killed
        return method(file, *arguments, **options)

    return die_instead


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("write_bytes", ".unfinished"), ("replace", ".unfinished"), ("replace", ".draft"),
        ("unlink", ".db"), ("unlink", ".journal"),
    ],
)  # fmt: skip
def test_a_reader_killed_while_merging_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, suffix: str
) -> None:
    count_and_die(tmp_path, 1, 2, 4)
    for file in tmp_path.glob("gauge_live*"):
        file.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Path, method, killing(getattr(Path, method), suffix))
        with pytest.raises(Killed):
            merge_dead_processes(tmp_path)
    check(tmp_path)
    assert not [name for name in files(tmp_path) if name.endswith((".draft", ".journal"))]


def test_a_file_that_was_never_begun_hides_no_other(tmp_path: Path) -> None:
    count_and_die(tmp_path, 1, 2, 4)
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    (tmp_path / f"counter_{gone.pid}.db").touch()
    check(tmp_path)


def test_a_file_that_a_process_begins_just_now_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_and_die(tmp_path, 1, 2, 4)
    begun = tmp_path / f"counter_{os.getpid()}.db"
    begun.touch()
    # Only this module's clock: other threads of the test's process sleep too.
    clock = SimpleNamespace(sleep=lambda _: begun.unlink())
    monkeypatch.setattr("app.observability.multiprocess.time", clock)
    check(tmp_path)
