"""The peak memory of each process, sampled every two seconds."""

from collections import defaultdict

from stack.bench.accounting import usage_by_name
from stack.campaign.environment import Environment
from stack.campaign.threads import StoppableThread
from stack.faults import StackFault

INTERVAL_S = 2.0
MIB = 2**20
# What a process of ours may hold at most, with its children: twice what it needs idle. A gateway
# has two workers, in each of which one thread checks passwords, 19 MiB each, and up to 50 MB of
# garbage may wait to be collected (app/web/collecting.py). Servers have bounds of their own.
APPLICATION_MAX_MIB = 220
GATEWAY_MAX_MIB = 2 * (220 + 19 + 50)


class Memory(StoppableThread):
    """`peak_mib` by process since the last `reset`; shared pages count in each."""

    def __init__(self, environment: Environment) -> None:
        super().__init__("memory")
        self.peak_mib: dict[str, int] = defaultdict(int)
        self._environment = environment

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping.wait(INTERVAL_S):
            try:
                running = {p.pid: p.name for p in self._environment.control.processes() if p.pid}
            except (StackFault, OSError):  # the supervisor is busy with a stop
                continue
            for name, usage in usage_by_name(running).items():
                self.peak_mib[name] = max(self.peak_mib[name], usage.rss_bytes // MIB)

    def reset(self) -> None:
        """Forget the peaks so far."""
        self.peak_mib = defaultdict(int)


def unbounded(peak_mib: dict[str, int], application: set[str]) -> list[str]:
    """The processes of `application` that held more than they may."""
    return [
        f"{name} held {peak} MiB"
        for name, peak in peak_mib.items()
        if name in application
        and peak > (GATEWAY_MAX_MIB if name == "gateway" else APPLICATION_MAX_MIB)
    ]
