"""A flame graph of one process during a step, drawn by py-spy, which samples it from outside."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.bench.storm import Load
from stack.control import Control
from stack.faults import StackFault
from stack.places import executable

# What is sampled, by the word on the command line. Children are sampled with their parent.
PROCESSES = {"gateway": "gateway", "worker": "worker-bids-0", "bridge": "bridge"}
SAMPLES_PER_S = 100
FINISH_S = 60.0  # for drawing


@dataclass(frozen=True, slots=True)
class Flame:
    """Leaves a graph of `process` (a key of PROCESSES) in `directory` for each step."""

    process: str
    directory: Path

    def around(self, control: Control, run: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
        """Return `run` (see Application.run) with sampling from the first bid to the last."""

        def sampled(load: Load, *, on_phase: Callable[[str], None], ws_url: str) -> dict[str, Any]:
            sampler: list[subprocess.Popen[bytes]] = []
            file = self.directory / f"{time.strftime('%Y-%m-%dT%H%M%S')}-{self.process}.svg"

            def on_phase_sampled(phase: str) -> None:
                on_phase(phase)
                if phase == "storm":
                    pid = control.pid(PROCESSES[self.process])
                    sampler.append(_start(pid, seconds=load.seconds, file=file))

            report = run(load, on_phase=on_phase_sampled, ws_url=ws_url)
            for process in sampler:
                _finish(process)
            print(f"  flame graph of {self.process}: {file}", flush=True)
            return report

        return sampled


def _start(pid: int, *, seconds: float, file: Path) -> "subprocess.Popen[bytes]":
    file.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "pid": pid,
        "duration": max(1, round(seconds)),
        "rate": SAMPLES_PER_S,
        "format": "flamegraph",
        "output": file,
    }
    command = [executable("py-spy"), "record", "--subprocesses", "--nonblocking"]
    command += [f"--{name}={value}" for name, value in options.items()]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _finish(process: "subprocess.Popen[bytes]") -> None:
    """Raise StackFault with py-spy's words when there is no graph."""
    _, complaint = process.communicate(timeout=FINISH_S)
    if process.returncode != 0:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise StackFault(f"no flame graph: {last}")
