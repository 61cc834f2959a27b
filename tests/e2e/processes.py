"""Processes of a gateway: which they are, and whether they have anything to do."""

import time
from pathlib import Path

from stack.bench.accounting import usage_by_name
from tests.waiting import wait_until

IDLE_SHARE = 0.1  # of a core
LOOK_S = 0.2


def worker_pids(master: int) -> list[int]:
    """The processes that a gateway has forked."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii")
    return [int(pid) for pid in children.split()]


def wait_idle(master: int) -> None:
    """Wait until a gateway's processes are idle."""

    def is_idle() -> bool:
        before = _cpu_s(master)
        time.sleep(LOOK_S)
        return _cpu_s(master) - before < IDLE_SHARE * LOOK_S

    wait_until(is_idle, what="the gateway is idle")


def _cpu_s(master: int) -> float:
    return usage_by_name({master: "gateway"})["gateway"].cpu_s
