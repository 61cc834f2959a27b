"""What a process reports of itself."""

import subprocess
import sys
from pathlib import Path

from app.observability.multiprocess import render

# Uses a second of processor time.
WORKING = """
import time
from app.observability.process import ProcessSampler
sampler = ProcessSampler("bridge")
sampler.sample()
while time.process_time() < 1.0: pass
sampler.sample()
"""


def shown(directory: Path) -> dict[str, float]:
    lines = render(directory).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def work(directory: Path, *, environment: dict[str, str]) -> None:
    own = {**environment, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    subprocess.run([sys.executable, "-c", WORKING], env=own, check=True)


def test_ended_processes_keep_their_cpu_time_not_their_memory(
    tmp_path: Path,
) -> None:
    used = 'process_used_cpu_seconds_total{process="bridge"}'
    work(tmp_path, environment={})
    first = shown(tmp_path)
    work(tmp_path, environment={})
    second = shown(tmp_path)
    assert first[used] >= 1.0
    assert second[used] >= first[used] + 1.0
    assert 'process_resident_bytes{process="bridge"}' not in second
