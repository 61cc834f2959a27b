"""What `make up`, `down`, `status`, `logs` and `clean` do, and say."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from stack.arguments import Parser
from stack.builds import K6, TOXIPROXY
from stack.control import RUNNING, Process
from stack.exclusive import exclusive
from stack.faults import StackFault, UsageFault
from stack.install import install, install_client, install_npm, install_program
from stack.leftovers import leftovers_of
from stack.packages import install_missing
from stack.places import executable
from stack.runtime import Stack

PROMETHEUS = "prometheus"


def install_for(stack: Stack, *, development: bool) -> None:
    """Install what is missing for this stack."""
    install(stack.places.data_dir, development=development)


def install_for_all(stack: Stack) -> None:
    """Install what running, checking and testing need."""
    install_for(stack, development=True)
    install_client()
    install_npm(K6)
    install_program(TOXIPROXY)


def up(stack: Stack, arguments: Sequence[str]) -> None:
    """Start everything that does not run, wait until /readyz is green, and print the addresses.

    `--with prometheus` adds what nobody needs to bid.
    """
    extras = _extras(arguments)
    begun = time.monotonic()
    with alone(stack):
        if stack.is_complete():
            print(f"The {stack.profile} stack is already up.")
        else:
            stack.refuse_early()
            install_for(stack, development=False)
            install_client()
            stack.up()
            _seed(stack)
            print(f"The {stack.profile} stack is up after {time.monotonic() - begun:.0f} s.")
        if PROMETHEUS in extras:
            install_missing(PROMETHEUS, program=PROMETHEUS)
            stack.prometheus_up()
    _print_welcome(stack)


def _extras(arguments: Sequence[str]) -> set[str]:
    parser = Parser(prog="make up", add_help=False, allow_abbrev=False)
    parser.add_argument("--with", dest="names", default="")
    wanted = set(parser.parse_args(arguments).names.split(",")) - {""}
    if unknown := wanted - {PROMETHEUS}:
        raise UsageFault(f"nothing to add named {', '.join(sorted(unknown))}: with={PROMETHEUS}")
    return wanted


def servers(stack: Stack) -> None:
    """Start the servers alone, as the tests use them."""
    with alone(stack):
        install_for(stack, development=True)
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
    print(f"  Tasks     {addresses['FLOWER_URL']}  (log in as {flower})", flush=True)
    print(f"  Mails     {addresses['MAILPIT_URL']}", flush=True)
    if any(process.name == PROMETHEUS for process in stack.control.processes()):
        print(f"  Figures   {addresses['PROMETHEUS_URL']}", flush=True)
    subprocess.run(
        (executable("python"), "-m", "stack.demo", "log-ins"),
        cwd=stack.places.root,
        env={**os.environ, **stack.environment()},
        check=False,
    )


def _clock(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}"


@contextmanager
def alone(stack: Stack) -> Iterator[None]:
    """Only one command at a time starts, stops or tests a profile; StackFault for a second."""
    refusal = f"another command starts, stops or tests profile {stack.profile}: wait for it"
    with exclusive(stack.places.run_dir.with_suffix(".lock"), refusal=refusal):
        yield
