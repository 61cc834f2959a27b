"""What the verbs do that check, test, measure and break the house: they run tools."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from stack import builds
from stack.faults import StackFault, UsageFault
from stack.install import install, install_all, install_missing
from stack.lifecycle import PROMETHEUS, alone
from stack.places import CHECKOUT, executable
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import campaign_profile
from stack.slowness import slowness
from stack.storm.target import read_target
from stack.supply.locks import all_locks, write_lock
from stack.toolchains import go, make_environment, node

# What `make image-check` needs besides: Debian's package, and the program it is known by.
IMAGE_CHECK = {
    "buildah": "buildah",
    "podman": "podman",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "mmdebstrap": "mmdebstrap",
    "iproute2": "ip",
}
AT_ONCE = 2  # checks, which compute: one for each core
STRESS = "stress-ng"
# It ends with this process however that ends, SIGKILL too; its own children end with it.
DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")
# Tests wait for more than half of their time: three at a time, each on servers of its own, keep two
# cores busy.
TESTS_PROFILES = ("test", "test-2", "test-3")
SIDE_BY_SIDE = (
    *("-n", str(len(TESTS_PROFILES)), "--dist", "loadscope", "--no-loadscope-reorder"),
    *("--max-worker-restart", "0"),  # another would have no servers; the killing test is reported
)
WHEELS = "var/wheel"  # where `make wheel` puts the wheel
ALONE = "alone"  # the marker of tests that measure: they follow, one after the other
# Generated files: each command writes its own; with --check it reports differences.
MADE: dict[str, tuple[str, ...]] = {
    "page of metrics": ("python", "-m", "app.observability.reference"),
    "settings of lanes": ("python", "-m", "lanes.configuration", "docs/lanes/configuration.md"),
    "boards and alerts": ("python", "-m", "stack.boards"),
    "licences": ("python", "-m", "stack.supply.licences"),
}
CHECKS: dict[str, tuple[str, ...]] = {
    "types": ("mypy", "--strict", "lanes", "app", "bridge", "workers", "stack", "tests"),
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "import contracts": ("lint-imports",),
    "dead code": ("vulture",),
    "words and pages": (
        *("pytest", "-q", "tests/architecture/test_words.py"),
        "tests/architecture/test_pages.py",
    ),
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


def program(module: str, *words: str) -> Callable[..., int]:
    """A verb that runs a module with `words`, and with what follows the verb."""

    def run_module(stack: Stack, arguments: Sequence[str] = ()) -> int:
        return stack.run("python", "-m", module, *words, *arguments).returncode

    return run_module


def installed(module: str) -> Callable[..., int]:
    """As `program`, for one that is told the profile and needs what the tests need."""

    def install_and_run(stack: Stack, arguments: Sequence[str]) -> int:
        install(stack)
        return program(module, "--profile", stack.profile)(stack, arguments)

    return install_and_run


def check(stack: Stack) -> int:
    """Run every check, two at a time, whatever the others said; 1 when one failed."""
    install(stack)
    builds.go_program("manifests").ensure()
    actionlint = str(builds.go_program("actionlint").ensure())
    for directory in (builds.CLIENT, builds.K6):
        builds.npm_packages(directory).ensure()
    javascript = node()
    npm = (javascript.npm, "run", "check")
    checks = (  # the longest first
        ("client", npm, builds.CLIENT),
        *((name, command, CHECKOUT) for name, command in CHECKS.items()),
        ("k6 scripts", npm, builds.K6),
        ("workflows", (actionlint, "-shellcheck", executable("shellcheck")), CHECKOUT),
        # It examines the code, too.
        ("load generator", (go(), "test", "./..."), builds.K6 / "storm"),
    )
    environment = {**os.environ, **javascript.variables, **builds.GO_VARIABLES, "CI": "true"}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda one: _passes(*one, environment=environment), checks))
    return 0 if all(results) else 1


def test(stack: Stack, *, stress: int, arguments: Sequence[str]) -> int:
    """Check, run all tests, three at a time on servers of their own, those that measure alone.

    What fails ends it, so that the report of the failure comes last. Or run pytest with
    `arguments`. So many processes as `stress` compute beside them.
    """
    with _stressed(stress):
        if arguments:
            install_all(stack)
            with _servers(stack):
                return stack.run("pytest", *arguments).returncode
        failed = check(stack)
        if failed:
            return failed
        install_all(stack)
        with _servers(*(Stack.of(profile, step=shown) for profile in TESTS_PROFILES)):
            failed = stack.run("pytest", *SIDE_BY_SIDE, "-m", f"not {ALONE}").returncode
            return failed or stack.run("pytest", "-m", ALONE).returncode


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


@contextmanager
def _stressed(processes: int) -> Iterator[None]:
    """So many processes compute all the while: how the tests are shown to pass on a bad day.

    Raises StackFault when they ended before: then nothing was shown.
    """
    if processes == 0:
        yield
        return
    install_missing({STRESS: STRESS})
    command = (*DIES_WITH_US, STRESS, "--quiet", "--cpu", str(processes))
    stress = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        print(f"  {STRESS} runs: work takes {slowness():.1f} times longer", flush=True)
        yield
        if stress.poll() is not None:
            raise StackFault(f"{STRESS} ended before the tests, with {stress.returncode}")
    finally:
        stress.terminate()
        stress.wait()


def docs(stack: Stack) -> None:
    """Write what is made of the code."""
    for name, command in MADE.items():
        if stack.run(*command).returncode != 0:
            raise StackFault(f"{name}: not as it must be")


def wheel(stack: Stack) -> None:
    """Build the wheel of lanes/ into var/wheel."""
    install_all(stack)
    command = ("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", WHEELS, ".")
    if stack.run(*command).returncode != 0:
        raise StackFault("the wheel cannot be built")
    print(f"{WHEELS}:", *sorted(path.name for path in (CHECKOUT / WHEELS).glob("*.whl")))


def lock(_: Stack, arguments: Sequence[str]) -> None:
    """Make the lock files; the options are uv's: without `--upgrade` what is pinned stays."""
    uv = make_environment()
    for one in all_locks():
        with shown(one.file):
            write_lock(one, uv=uv, options=arguments)
    with shown(builds.KAFKA_HASHES.name):
        builds.pin_kafka()


def image_check(stack: Stack) -> NoReturn:
    """Build the image and run the compose file's services, in containers of Debian's podman.

    It takes our place, so that ending this process ends it.
    """
    if os.geteuid() != 0:
        raise UsageFault("image-check makes networks and containers: run it as root")
    install(stack)
    builds.go_program("manifests").ensure()
    install_missing(IMAGE_CHECK)
    command = (executable("python"), "-m", "stack.image")
    sys.stdout.flush()
    os.chdir(CHECKOUT)
    os.execv(command[0], command)


def run(stack: Stack, arguments: Sequence[str]) -> int:
    """Run a command of the virtual environment as the profile's processes run; its exit code."""
    if not arguments:
        raise StackFault('say what to run: make run c="python -m bridge lanes"')
    return stack.run(*arguments).returncode


def bench(stack: Stack, arguments: Sequence[str]) -> int:
    """Run the benchmark, on a stack of its own profile."""
    draws = any(argument.startswith("--flame") for argument in arguments)  # py-spy does
    install(stack, development=draws)
    builds.BROWSER_CLIENT.ensure()
    return program("stack.bench")(stack, arguments)


def storm(stack: Stack, arguments: Sequence[str]) -> int:
    """Drive a script of k6/ against a running house; 1 when it did not hold, 2 when not run."""
    try:
        read_target(arguments, own_url=stack.addresses()["BASE_URL"])
    except StackFault as fault:
        print(f"storm: {fault}", file=sys.stderr)
        return 2
    install(stack, development=False)
    builds.npm_packages(builds.K6).ensure()
    return program("stack.storm", "--profile", stack.profile)(stack, arguments)


def boards(stack: Stack, arguments: Sequence[str]) -> int:
    """Draw all boards as they were during the last storm, into docs/boards; 2 when it cannot be."""
    if not stack.control.runs(PROMETHEUS):
        raise UsageFault(f"no Prometheus runs: make up with={PROMETHEUS}, make storm, make boards")
    return installed("stack.boards.draw")(stack, arguments)


def faults(stack: Stack, arguments: Sequence[str]) -> int:
    """Run the fault campaign, on a stack of its own profile."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--brokers", default="1")
    campaign_profile(parser.parse_known_args(arguments)[0].brokers)  # before minutes of installing
    install_all(stack)
    return program("stack.campaign")(stack, arguments)


def _passes(
    name: str, command: Sequence[str], directory: Path, *, environment: Mapping[str, str]
) -> bool:
    """One line for a check that passes, all it printed for one that does not."""
    begun = time.monotonic()
    first, *arguments = command
    result = subprocess.run(
        (executable(first), *arguments),
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
