"""CPU time and memory of real processes, by name."""

import os
import subprocess
import sys

from stack.bench.accounting import usage_by_name

SPIN = "import time\nwhile time.process_time() < 0.2: pass\n"
# Runs a child that spins and ends, then one that stays; prints so, and waits for stdin.
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {SPIN!r}], check=True)
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
child.communicate(b"\\n")
"""


def test_time_of_children_counts_after_they_have_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        child = int(process.stdout.readline())
        together = usage_by_name({process.pid: "parent"})["parent"]
        apart = usage_by_name({process.pid: "parent", child: "child"})
        process.stdin.write("\n")
    assert together.cpu_s > 0.1  # the kernel counts in ticks, and drops what is less than one
    assert together.processes == 2
    assert together.rss_bytes > 2_000_000
    assert apart["parent"].processes == apart["child"].processes == 1


def test_processes_of_the_same_name_are_added_up() -> None:
    both = usage_by_name({os.getpid(): "ours", os.getppid(): "ours"})["ours"]
    assert both.rss_bytes > usage_by_name({os.getpid(): "ours"})["ours"].rss_bytes


def test_an_ended_process_has_no_usage() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert usage_by_name({process.pid: "gone"})["gone"].processes == 0
