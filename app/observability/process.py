"""A process's use of CPU, memory and files, sampled by a timer.

prometheus_client's own collector shows nothing where processes share their metrics.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from app.observability import metrics

PERIOD_S = 2.0
PROC = Path("/proc/self")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

log = structlog.get_logger()


class ProcessSampler:
    """Sets the metrics of this process under the name `process`."""

    def __init__(self, process: str) -> None:
        self._cpu = metrics.CPU_SECONDS.labels(process)
        self._resident = metrics.RESIDENT_BYTES.labels(process)
        self._threads = metrics.THREADS.labels(process)
        self._cpu_s = 0.0

    def sample(self) -> None:
        """Measure."""
        cpu_s = time.process_time()
        self._cpu.inc(max(0.0, cpu_s - self._cpu_s))
        self._cpu_s = cpu_s
        self._resident.set(int((PROC / "statm").read_text().split()[1]) * PAGE_BYTES)
        self._threads.set(len(os.listdir(PROC / "task")))


_SAMPLED: set[int] = set()  # pids: a forked child is sampled for itself


def start_sampling(process: str, measures: Sequence[Callable[[], None]] = ()) -> None:
    """Sample this process every PERIOD_S, and call `measures`; to be called after any fork.

    What is started already goes on alone.
    """
    if os.getpid() in _SAMPLED:
        return
    _SAMPLED.add(os.getpid())
    steps = [ProcessSampler(process).sample, *measures]
    threading.Thread(target=_sample, args=(steps,), name="sampling", daemon=True).start()


def _sample(steps: Sequence[Callable[[], None]]) -> None:
    while True:
        for step in steps:
            try:
                step()
            except Exception:
                log.exception("sampling_failed")
        time.sleep(PERIOD_S)
