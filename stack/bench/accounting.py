"""CPU time and memory of the stack's processes, each with all its children, read from /proc."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process and its descendants have used so far, and hold now."""

    cpu_s: float = 0.0
    rss_bytes: int = 0
    processes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            cpu_s=self.cpu_s + other.cpu_s,
            rss_bytes=self.rss_bytes + other.rss_bytes,
            processes=self.processes + other.processes,
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    parent: int
    usage: Usage


def usage_by_name(pids: Mapping[int, str]) -> dict[str, Usage]:
    """Usage of each named process with its descendants; pids of the same name are added up.

    A descendant that has a name of its own counts under that alone. A child that has ended is in
    the CPU time of the parent that collected it, so differences of two readings miss nothing but
    what a named process that was restarted in between had used. RSS counts shared pages in each
    process that maps them.
    """
    entries = _entries()
    totals = {name: Usage() for name in pids.values()}
    for pid, entry in entries.items():
        name = _owner(pid, entries, pids)
        if name is not None:
            totals[name] += entry.usage
    return totals


def _owner(pid: int, entries: Mapping[int, _Entry], pids: Mapping[int, str]) -> str | None:
    while pid not in pids:
        if pid not in entries:
            return None
        pid = entries[pid].parent
    return pids[pid]


def _entries() -> dict[int, _Entry]:
    entries = {}
    for name in os.listdir(PROC):
        if name.isdigit() and (entry := _entry(PROC / name / "stat")):
            entries[int(name)] = entry
    return entries


def _entry(stat: Path) -> _Entry | None:
    try:
        content = stat.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has just ended
        return None
    # The command may hold anything, but nothing after its closing parenthesis does; fields are
    # counted from there as in proc(5), state being the third.
    fields = content.rpartition(")")[2].split()
    ticks = sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime
    usage = Usage(cpu_s=ticks / TICKS_PER_S, rss_bytes=int(fields[21]) * PAGE_BYTES, processes=1)
    return _Entry(parent=int(fields[1]), usage=usage)
