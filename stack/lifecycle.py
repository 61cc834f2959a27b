"""What `make up`, `down`, `restart`, `scale`, `status`, `logs` and `clean` do, and say."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from stack import builds
from stack.application import pool_of
from stack.control import RUNNING, Process
from stack.demo import LOG_INS, PASSWORD
from stack.faults import StackFault, UsageFault
from stack.files import exclusive
from stack.install import install, install_missing
from stack.leftovers import leftovers_of
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import Pool, with_sizes

PROMETHEUS = "prometheus"
# Connections of PostgreSQL that no pool has: FerretDB's, and those of operators' commands.
OTHER_CONNECTIONS = 20


def up(stack: Stack, *, extras: str = "") -> None:
    """Start everything that does not run, wait until /readyz is green, and print the addresses.

    The extra `prometheus` is what nobody needs to bid.
    """
    wanted = set(extras.split(",")) - {""}
    if unknown := wanted - {PROMETHEUS}:
        raise UsageFault(f"nothing to add named {', '.join(sorted(unknown))}: with={PROMETHEUS}")
    begun = time.monotonic()
    with alone(stack):
        if stack.is_complete():
            print(f"The {stack.profile} stack is already up.")
        else:
            stack.refuse_early()
            install(stack, development=False)
            builds.BROWSER_CLIENT.ensure()
            stack.up()
            _seed(stack)
            print(f"The {stack.profile} stack is up after {time.monotonic() - begun:.0f} s.")
        if wanted:
            install_missing({PROMETHEUS: PROMETHEUS})
            stack.prometheus_up()
    _print_welcome(stack)


def servers(stack: Stack) -> None:
    """Start the servers alone, as the tests use them."""
    with alone(stack):
        install(stack)
        stack.servers_up()
    print(f"The servers of profile {stack.profile} are up.")


def down(stack: Stack) -> None:
    """Stop everything; the data stays."""
    with alone(stack):
        stack.down()
    print(f"The {stack.profile} stack is down; its data is in {stack.places.data_dir}.")


def restart(stack: Stack, names: Sequence[str]) -> None:
    """Restart the application's processes, or those of `names`, one after another."""
    with alone(stack):
        if not stack.is_up():
            raise StackFault(f"the {stack.profile} stack is down: `make up` starts it")
        stack.restart(names)
    print(f"Restarted: {', '.join(names) or 'all of the application'}.")


def clean(stack: Stack) -> None:
    """Stop everything and forget the data; what was downloaded or built stays in var/lib."""
    with alone(stack):
        stack.clean()
    print(f"The {stack.profile} stack and its data are gone.")


def scale(stack: Stack, *, pool: str, size: str) -> None:
    """Run so many processes of one pool; UsageFault, and nothing changed, for what cannot be.

    The sizes are remembered until `make clean`: what was scaled comes up so again.
    """
    pools = stack.settings.pools
    if pool not in pools:
        raise UsageFault(f"no pool {pool or 'named'}: pool= takes one of {', '.join(pools)}")
    if not size:
        raise UsageFault("no n named: n= takes a number of processes, 1 or more")
    if not size.isdecimal() or int(size) < 1:
        raise UsageFault(f"n={size} is not a number of processes: 1 or more")
    with alone(stack):
        _scale(stack, pool, int(size))
    processes = "1 process" if int(size) == 1 else f"{size} processes"
    print(f"Pool {pool} has {processes}; before: {pools[pool].size}.")


def _scale(stack: Stack, pool: str, size: int) -> None:
    if not any(pool_of(process.name) for process in stack.control.processes()):
        raise UsageFault(f"the {stack.profile} stack is down: `make up` starts it")
    pools = stack.settings.pools
    wanted = with_sizes(pools, {pool: size})
    check_connections(wanted, pool, most=stack.settings.sizes.postgresql_connections_max)
    check_memory(pools[pool], pool, size=size, free_mb=_available_mb())
    sizes = {name: own.size for name, own in wanted.items()}
    stack.places.pools_file.write_text(json.dumps(sizes), encoding="utf-8")
    Stack.of(stack.profile, step=shown).fit_pools()


def check_connections(wanted: Mapping[str, Pool], pool: str, *, most: int) -> None:
    """Raise UsageFault when PostgreSQL, which has `most`, has too few for the pools `wanted`."""
    others = sum(own.size * own.connections for name, own in wanted.items() if name != pool)
    size_max = (most - OTHER_CONNECTIONS - others) // wanted[pool].connections
    if wanted[pool].size > size_max:
        raise UsageFault(
            f"n={wanted[pool].size} is above this machine: PostgreSQL has connections "
            f"for {size_max} processes of pool {pool}"
        )


def check_memory(now: Pool, pool: str, *, size: int, free_mb: int) -> None:
    """Raise UsageFault when the free memory is not enough to grow from `now` to `size`."""
    size_max = now.size + free_mb // now.memory_mb
    if size > max(size_max, now.size):
        raise UsageFault(
            f"n={size} is above this machine: its memory is enough for {size_max} processes "
            f"of pool {pool}"
        )


def _available_mb() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    (available,) = [line for line in lines if line.startswith("MemAvailable:")]
    return int(available.split()[1]) // 1024  # it is in kB


def status(stack: Stack) -> int:
    """Print a line for each process; 1 when one does not run or keeps dying."""
    processes = stack.control.processes()
    if not processes:
        print(_without_supervisor(stack))
        return 1
    print(render_status(processes))
    return 0 if all(is_well(process) for process in processes) else 1


def _without_supervisor(stack: Stack) -> str:
    orphans = leftovers_of(stack.places.run_dir)
    if not orphans:
        return f"The {stack.profile} stack is down."
    return (
        f"The supervisor of the {stack.profile} stack died and left {len(orphans)} processes: "
        "`make up` starts anew, `make down` ends them"
    )


def is_well(process: Process) -> bool:
    """Whether a process runs and does not keep dying."""
    return process.state == RUNNING and not process.dying


def render_status(processes: Sequence[Process]) -> str:
    """A table, and a line of advice for each process that is not well."""
    lines = [f"{'process':<16} {'state':<9} {'pid':>7} {'up':>9} {'restarts':>9}"]
    for process in processes:
        pid = process.pid or "-"
        lines.append(
            f"{process.name:<16} {process.state:<9} {pid:>7} {_clock(process.uptime_s):>9} "
            f"{process.restarts:>9}"
        )
    for process in processes:
        if not is_well(process):
            fault = "keeps dying" if process.dying else "does not run"
            lines.append(f"{process.name} {fault}: see `make logs p={process.name}`")
    return "\n".join(lines)


def logs(stack: Stack, names: list[str]) -> None:
    """Follow the logs of `names`, or all of them, until Ctrl-C."""
    files = {file.stem: file for file in sorted(stack.places.logs_dir.glob("*.log"))}
    for name in names:
        if name not in files:
            raise StackFault(f"no log {name}: p= takes one of {', '.join(files) or 'none yet'}")
    lines = "200" if names else "5"
    followed = [str(files[name]) for name in names or files]
    with suppress(KeyboardInterrupt):
        subprocess.run(("tail", "-n", lines, "-F", *followed), check=False)


def print_environment(stack: Stack) -> None:
    """KEY=value lines for people and tools."""
    for key, value in stack.addresses().items():
        print(f"{key}={value}")


def _seed(stack: Stack) -> None:
    """Put the demonstration's auctions in, into new data only."""
    marker = stack.places.data_dir / "seeded"
    if not marker.exists():
        stack.run_once("demo auctions", "python", "-m", "stack.demo", "seed")
        marker.touch()


def _print_welcome(stack: Stack) -> None:
    addresses = stack.addresses()
    print(f"  Auctions  {addresses['BASE_URL']}")
    flower = f"{addresses['FLOWER_USER']} / {addresses['FLOWER_PASSWORD']}"
    print(f"  Tasks     {addresses['FLOWER_URL']}  (log in as {flower})")
    print(f"  Mails     {addresses['MAILPIT_URL']}")
    if stack.control.runs(PROMETHEUS):
        print(f"  Figures   {addresses['PROMETHEUS_URL']}")
    for role, email in LOG_INS.items():
        print(f"  {role:<9} {email}  {PASSWORD}")


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


def stop_at_sigterm() -> None:
    """Let SIGTERM end this process as an exit does, so that it stops what it has started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextmanager
def alone(stack: Stack) -> Iterator[None]:
    """Only one command at a time starts, stops or tests a profile; StackFault for a second."""
    refusal = f"another command starts, stops or tests profile {stack.profile}: wait for it"
    with exclusive(stack.places.run_dir.with_suffix(".lock"), refusal=refusal):
        yield
