"""A gateway collects garbage less often, and still collects it."""

import subprocess
import sys

# In a process of its own, because freezing affects the whole process.
PROGRAM = """
import gc
from collections import deque
from math import prod
from app.web.collecting import THRESHOLDS, collect_seldom

class Cycle:
    alive = 0
    def __init__(self):
        self.me = self
        Cycle.alive += 1
    def __del__(self):
        Cycle.alive -= 1

open_ones = deque((Cycle() for _ in range(20_000)), maxlen=20_000)
collect_seldom()
assert gc.get_freeze_count() > 20_000
counts = [0, 0, 0]
gc.callbacks.append(lambda phase, info: counts.__setitem__(info["generation"], 1))
for _ in range(3 * prod(THRESHOLDS)):
    open_ones.append(Cycle())  # and the oldest is forgotten
assert counts == [1, 1, 1], counts
assert Cycle.alive < 1.2 * prod(THRESHOLDS), Cycle.alive
"""


def test_reference_cycles_are_collected() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
