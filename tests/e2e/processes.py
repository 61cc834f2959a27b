"""Processes of a gateway: which they are, and what they use of the machine."""

import os
import time
from collections.abc import Sequence

from tests.waiting import wait_until

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
IDLE_SHARE = 0.1  # of a core
LOOK_S = 0.2


def worker_pids(master: int) -> list[int]:
    """The processes that a gateway has forked."""
    with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as children:
        return [int(pid) for pid in children.read().split()]


def wait_idle(pids: Sequence[int]) -> None:
    """Wait until what was asked of these processes is done."""

    def is_idle() -> bool:
        before = cpu_s(pids)
        time.sleep(LOOK_S)
        return cpu_s(pids) - before < IDLE_SHARE * LOOK_S

    wait_until(is_idle, what="the gateway is idle")


def cpu_s(pids: Sequence[int]) -> float:
    """Seconds of a core that these processes have used together."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            user, system = stat.read().rpartition(")")[2].split()[11:13]
            total += int(user) + int(system)
    return total / TICKS_PER_S
