"""Metrics that the processes of a machine share by files in one directory.

Each process writes files of its own, named after its pid, and they outlive it. The reader merges
the files of ended processes into one of each kind: counters keep their values, gauges of living
processes are dropped, and the directory stays small.
"""

import fcntl
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

log = structlog.get_logger()

PROC = Path("/proc")
MERGED = "merged"  # stands for a pid in the names of merged files
OF_THE_LIVING = "gauge_live"
NEWEST_COUNTS = "gauge_mostrecent"
LARGEST_COUNTS = "gauge_max"
# A file that a process has just begun is empty for a moment.
READ_ATTEMPTS, READ_PAUSE_S = 3, 0.05

Value = tuple[float, float]  # with the time it was set at, 0 for what is counted


def render(directory: Path) -> bytes:
    """Return the metrics of all processes as text; one reader at a time."""
    with _locked(directory):
        merge_dead_processes(directory)
        for _ in range(READ_ATTEMPTS - 1):
            try:
                return _read(directory)
            except struct.error:
                time.sleep(READ_PAUSE_S)
        return _read(directory)


def merge_dead_processes(directory: Path) -> None:
    """Merge the files of processes that ended; to be called by one process at a time.

    Being killed in between loses and doubles nothing: the journal is the moment at which the
    merged file stands for its sources, and the next call does what is left to do.
    """
    _finish(directory)
    sources: dict[str, list[Path]] = {}
    for file in directory.glob("*.db"):
        kind, _, pid = file.stem.rpartition("_")
        if not pid.isdecimal() or (PROC / pid).exists():
            continue
        if kind.startswith(OF_THE_LIVING):
            file.unlink(missing_ok=True)
        else:
            sources.setdefault(kind, []).append(file)
    for kind, files in sources.items():
        _merge(directory, kind, files)


def _merge(directory: Path, kind: str, sources: list[Path]) -> None:
    target = directory / f"{kind}_{MERGED}.db"
    values: dict[str, Value] = {}
    for file in ([target] if target.exists() else []) + sources:
        for key, value in _values(file):
            known = values.get(key, (0.0, 0.0))
            values[key] = _COMBINED.get(kind, _sum)(known, value)
    draft = MmapedDict(str(target.with_suffix(".draft")))  # type: ignore[no-untyped-call]
    for key, (number, at) in values.items():
        draft.write_value(key, number, at)  # type: ignore[no-untyped-call]
    draft.close()  # type: ignore[no-untyped-call]
    journal = target.with_suffix(".journal")
    unfinished = target.with_suffix(".unfinished")
    unfinished.write_bytes(msgspec.json.encode([file.name for file in sources]))
    unfinished.replace(journal)
    _finish(directory)


def _finish(directory: Path) -> None:
    """Do what the journals say, and forget drafts that have none."""
    for journal in directory.glob("*.journal"):
        draft = journal.with_suffix(".draft")
        if draft.exists():
            draft.replace(journal.with_suffix(".db"))
        for name in msgspec.json.decode(journal.read_bytes(), type=list[str]):
            (directory / name).unlink(missing_ok=True)
        journal.unlink()
    for draft in directory.glob("*.draft"):
        draft.unlink()


def _values(file: Path) -> Iterator[tuple[str, Value]]:
    try:
        found = list(MmapedDict.read_all_values_from_file(str(file)))  # type: ignore[no-untyped-call]
    except (struct.error, RuntimeError, ValueError):
        log.warning("metrics_unreadable", file=file.name)  # its process died while creating it
        return
    for key, value, at, _ in found:
        yield key, (value, at)


def _sum(one: Value, other: Value) -> Value:
    return one[0] + other[0], 0.0


def _newer(one: Value, other: Value) -> Value:
    return max(one, other, key=lambda value: value[1])


def _larger(one: Value, other: Value) -> Value:
    return max(one, other)


_COMBINED = {NEWEST_COUNTS: _newer, LARGEST_COUNTS: _larger}


def _read(directory: Path) -> bytes:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(directory))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
