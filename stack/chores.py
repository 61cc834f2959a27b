"""What the verbs `check`, `test`, `demo`, `audit`, `bench`, `storm`, `hostile`, `boards`, `faults`
and `drill` do: they run tools."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from stack import builds
from stack.bench.storm import SOURCE as STORM
from stack.faults import StackFault, UsageFault
from stack.install import (
    go,
    install_client,
    install_npm,
    install_program,
    uv,
)
from stack.lifecycle import PROMETHEUS, alone, install_for, install_for_all
from stack.packages import install_missing
from stack.places import CHECKOUT, executable
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import campaign_profile
from stack.storm.target import read_target
from stack.stress import stressed
from stack.supply.locks import all_locks, write_lock

# What `make image-check` needs besides, by its name in stack.toml, and the program it is known by.
IMAGE_CHECK = {
    "builder": "buildah",
    "engine": "podman",
    "container_runtime": "runc",
    "container_networks": "/usr/lib/cni/bridge",
    "bootstrap": "mmdebstrap",
    "network_tools": "ip",
}
AT_ONCE = 2  # checks, which compute: one for each core
# Tests wait for more than half of their time: three at a time, each on servers of its own, keep two
# cores busy.
TESTS_PROFILES = ("test", "test-2", "test-3")
SIDE_BY_SIDE = (
    *("-n", str(len(TESTS_PROFILES)), "--dist", "loadscope", "--no-loadscope-reorder"),
    *("--max-worker-restart", "0"),  # another would have no servers; the test that ended it is told
)
ALONE = "alone"  # the marker of tests that measure: they follow, one after the other
# What is made of the code: each writes its files; with --check it says whether they are so.
MADE: dict[str, tuple[str, ...]] = {
    "page of metrics": ("python", "-m", "app.observability.reference"),
    "boards and alerts": ("python", "-m", "stack.boards"),
    "licences": ("python", "-m", "stack.supply.licences"),
}
CHECKS: dict[str, tuple[str, ...]] = {
    "types": ("mypy", "--strict", "lanes", "app", "bridge", "workers", "stack", "tests"),
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "import contracts": ("lint-imports",),
    "dead code": ("vulture",),
    "words of names": ("pytest", "-q", "tests/architecture/test_words.py"),
    "lock files, secrets of workflows": ("python", "-m", "stack.supply"),
    "rights of workflows": ("zizmor", "--offline", "--no-progress", "--quiet", ".github/workflows"),
    "deployment files": ("python", "-m", "stack.deployment"),
    "compose file": (
        *("check-jsonschema", "--builtin-schema", "vendor.compose-spec"),
        "docker-compose.yml",
    ),
    "Dockerfile": ("hadolint", "Dockerfile"),
    "shell scripts": (
        *("shellcheck", ".ci/run", "stack/install-packages.sh", "deploy/secrets.sh"),
        *(f"deploy/compose/{name}.sh" for name in ("release", "kafka", "postgresql-init")),
    ),
    **{name: (*command, "--check") for name, command in MADE.items()},
}


def check(stack: Stack) -> int:
    """Run every check, two at a time, whatever the others said; 1 when one failed."""
    install_for(stack, development=True)
    install_program(builds.MANIFESTS)
    install_program(builds.ACTIONLINT)
    install_npm(builds.CLIENT)
    golang, javascript = go(), install_npm(builds.K6)
    npm = (javascript.npm, "run", "check")
    actionlint = str(builds.go_executable(builds.ACTIONLINT))
    checks = (  # the longest first
        ("client", npm, builds.CLIENT),
        *((name, command, CHECKOUT) for name, command in CHECKS.items()),
        ("k6 scripts", npm, builds.K6),
        ("workflows", (actionlint, "-shellcheck", executable("shellcheck")), CHECKOUT),
        ("load generator", (golang.go, "test", "./..."), STORM),  # it examines the code, too
    )
    node_first = {"PATH": javascript.path(os.environ["PATH"]), "CI": "true"}
    environment = {**os.environ, **node_first, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda one: _passes(*one, environment=environment), checks))
    return 0 if all(results) else 1


def test(stack: Stack, arguments: Sequence[str]) -> int:
    """Check, run all tests, three at a time on servers of their own, those that measure alone.

    What fails ends it, so that the report of the failure comes last. Or run pytest with
    `arguments`. `--stress N` lets N processes compute beside them.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--stress", type=int, default=0)
    options, wanted = parser.parse_known_args(arguments)
    with stressed(options.stress):
        if wanted:
            install_for_all(stack)
            with _servers(stack):
                return _run(stack, "pytest", *wanted)
        failed = check(stack)
        if failed:
            return failed
        install_for_all(stack)
        with _servers(*(Stack.of(profile, step=shown) for profile in TESTS_PROFILES)):
            failed = _run(stack, "pytest", *SIDE_BY_SIDE, "-m", f"not {ALONE}")
            return failed or _run(stack, "pytest", "-m", ALONE)


@contextmanager
def _servers(*stacks: Stack) -> Iterator[None]:
    """The servers of these profiles run meanwhile.

    Those that ran before go on running, with their data; others begin empty and are stopped.
    """
    own = [stack for stack in stacks if not stack.is_up()]
    with ExitStack() as locks, ThreadPoolExecutor(len(stacks)) as pool:
        for stack in own:
            locks.enter_context(alone(stack))
        list(pool.map(Stack.clean, own))
        try:
            list(pool.map(Stack.servers_up, stacks))
            yield
        finally:
            list(pool.map(Stack.down, own))


def docs(stack: Stack) -> None:
    """Write what is made of the code."""
    for name, command in MADE.items():
        if _run(stack, *command) != 0:
            raise StackFault(f"{name}: not as it must be")


def wheel(stack: Stack) -> None:
    """Build the wheel of lanes/ into var/wheel."""
    install_for_all(stack)
    if _run(stack, "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "var/wheel", ".") != 0:
        raise StackFault("the wheel cannot be built")
    print("var/wheel:", *sorted(path.name for path in (CHECKOUT / "var" / "wheel").glob("*.whl")))


def lock(stack: Stack, arguments: Sequence[str]) -> None:
    """Make the lock files; the options are uv's: without `--upgrade` what is pinned stays."""
    program = uv()
    for one in all_locks(stack.settings.versions):
        with shown(one.file):
            write_lock(one, uv=program, options=arguments)
    with shown(builds.KAFKA_HASHES.name):
        builds.pin_kafka(stack.settings.versions.kafka)


def image_check(stack: Stack) -> NoReturn:
    """Build the image and run the compose file's services, in containers of Debian's podman.

    It takes our place, so that ending this process ends it.
    """
    if os.geteuid() != 0:
        raise UsageFault("image-check makes networks and containers: run it as root")
    install_for(stack, development=True)
    install_program(builds.MANIFESTS)
    for what, program in IMAGE_CHECK.items():
        install_missing(what, program=program)
    command = (executable("python"), "-m", "stack.image")
    sys.stdout.flush()
    os.chdir(CHECKOUT)
    os.execv(command[0], command)


def run(stack: Stack, arguments: Sequence[str]) -> int:
    """Run a command of the virtual environment as the profile's processes run; its exit code."""
    if not arguments:
        raise StackFault('say what to run: make run c="python -m bridge lanes"')
    return _run(stack, *arguments)


def demo(stack: Stack, arguments: Sequence[str]) -> int:
    """Let lively bidders play on the demonstration's auctions."""
    return _run(stack, "python", "-m", "stack.demo", "play", *arguments)


def audit(stack: Stack, arguments: Sequence[str]) -> int:
    """Hold log and stores of the profile's servers against the invariants."""
    return _run(stack, "python", "-m", "bridge", "audit", *arguments)


def bench(stack: Stack, arguments: Sequence[str]) -> int:
    """Run the benchmark, on a stack of its own profile."""
    draws = any(argument.startswith("--flame") for argument in arguments)  # py-spy does
    install_for(stack, development=draws)
    install_client()
    go()
    return _run(stack, "python", "-m", "stack.bench", *arguments)


def storm(stack: Stack, arguments: Sequence[str]) -> int:
    """Drive a script of k6/ against a running house; 1 when it did not hold, 2 when not run."""
    try:
        read_target(arguments, own_url=stack.addresses()["BASE_URL"])
    except StackFault as fault:
        print(f"storm: {fault}", file=sys.stderr)
        return 2
    install_for(stack, development=False)
    install_npm(builds.K6)
    go()
    return _run_on(stack, "stack.storm", arguments)


def hostile(stack: Stack, arguments: Sequence[str]) -> int:
    """Drive every abuse beside honest bids; 1 when something did not hold, 2 when not run."""
    install_for(stack, development=True)
    go()
    return _run_on(stack, "stack.hostile", arguments)


def boards(stack: Stack, arguments: Sequence[str]) -> int:
    """Draw all boards as they were during the last storm, into docs/boards; 2 when it cannot be."""
    if not stack.control.runs(PROMETHEUS):
        raise UsageFault(f"no Prometheus runs: make up with={PROMETHEUS}, make storm, make boards")
    install_for(stack, development=True)
    return _run_on(stack, "stack.boards.draw", arguments)


def faults(stack: Stack, arguments: Sequence[str]) -> int:
    """Run the fault campaign, on a stack of its own profile."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--brokers", default="1")
    campaign_profile(parser.parse_known_args(arguments)[0].brokers)  # before minutes of installing
    install_for_all(stack)
    return _run(stack, "python", "-m", "stack.campaign", *arguments)


def drill(stack: Stack, arguments: Sequence[str]) -> int:
    """Lose PostgreSQL and restore it, on a stack of its own profile; 2 for a bad backup."""
    install_for(stack, development=True)
    go()
    return _run(stack, "python", "-m", "stack.drill", *arguments)


def _passes(
    name: str, command: Sequence[str], directory: Path, *, environment: Mapping[str, str]
) -> bool:
    """One line for a check that passes, all it printed for one that does not."""
    begun = time.monotonic()
    program, *arguments = command
    result = subprocess.run(
        (executable(program), *arguments),
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    verdict = "ok" if result.returncode == 0 else "FAILED"
    print(f"  {name:<58} {time.monotonic() - begun:6.1f} s  {verdict}", flush=True)
    if result.returncode != 0:
        print(result.stdout + result.stderr, flush=True)
    return result.returncode == 0


def _run_on(stack: Stack, module: str, arguments: Sequence[str]) -> int:
    return _run(stack, "python", "-m", module, "--profile", stack.profile, *arguments)


def _run(stack: Stack, command: str, *arguments: str) -> int:
    environment = {**os.environ, **stack.environment()}
    return subprocess.run(
        (executable(command), *arguments), cwd=CHECKOUT, env=environment, check=False
    ).returncode
