"""Puts in place what the stack needs, only what is missing or changed, side by side."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stack import builds, toolchains
from stack.commands import run_logged
from stack.faults import StackFault
from stack.files import exclusive
from stack.places import CHECKOUT, executable, install_log_dir, libraries_dir
from stack.progress import shown
from stack.runtime import Stack
from stack.servers.mongodb import mongodb_engine
from stack.servers.postgresql import installed_version
from stack.settings import Versions
from stack.supply.locks import DEVELOPMENT, STACK

SCRIPT = CHECKOUT / "stack" / "install-packages.sh"
C_HEADERS = Path("/usr/include/stdlib.h")
KOREAN_FONTS = Path("/usr/share/fonts/opentype/noto")


def install(stack: Stack, *, development: bool = True) -> None:
    """Install what a stack runs with; with `development` also what the checks and tests need.

    FerretDB is built where the documents of this stack are its to keep.
    Raises StackFault for the first thing that cannot be had. Two at a time wait for each other.
    """
    engine = mongodb_engine(stack.places.data_dir)
    servers = [builds.go_program(one) for one in (engine, "mailpit") if one != "mongod"]
    with exclusive(libraries_dir() / "install.lock"):
        _install_packages(missing_packages(for_tests=development))
        toolchains.make_environment()
        # Together they take little more than the longest.
        tasks = (
            lambda: [server.ensure() for server in servers],
            lambda: toolchains.install_requirements(DEVELOPMENT if development else STACK),
            builds.KAFKA.ensure,
        )
        with ThreadPoolExecutor(len(tasks)) as pool:
            for future in [pool.submit(task) for task in tasks]:
                future.result()


def install_all(stack: Stack) -> None:
    """Install what running, checking and testing need."""
    install(stack)
    builds.BROWSER_CLIENT.ensure()
    builds.npm_packages(builds.K6).ensure()
    builds.go_program("toxiproxy").ensure()


def missing_packages(*, for_tests: bool) -> list[str]:
    """The Debian packages that are not there; `for_tests` those of browser and compiler too."""
    present: dict[str, object] = {
        f"postgresql-{Versions.postgresql}": installed_version(Versions.postgresql),
        "redis-server": shutil.which("redis-server"),
        f"openjdk-{Versions.java_min}-jre-headless": toolchains.java_is_suitable(),
        "maven": builds.KAFKA.is_current or shutil.which("mvn"),
        "python3-venv": Path(executable("pip")).exists() or importlib.util.find_spec("ensurepip"),
    }
    if for_tests:
        present |= {
            "chromium": shutil.which("chromium"),
            "prometheus": shutil.which("prometheus"),
            "gcc": shutil.which("gcc"),
            "libc6-dev": C_HEADERS.exists(),
            "fonts-noto-cjk": any(KOREAN_FONTS.glob("NotoSansCJK*")),
        }
    return [package for package, is_there in present.items() if not is_there]


def install_missing(programs: Mapping[str, str]) -> None:
    """Install the Debian packages among {package: program} whose program is not there."""
    _install_packages([name for name, program in programs.items() if not shutil.which(program)])


def _install_packages(names: list[str]) -> None:
    """Install packages with apt, as root or by sudo; StackFault naming them when we may not."""
    if not names:
        return
    command = ("sh", str(SCRIPT), *names)
    wish = f"apt-get install {' '.join(names)}"
    if shutil.which("apt-get") is None:
        raise StackFault(f"missing, and this is no Debian: what there is {wish}")
    if os.geteuid() != 0:
        if not _may_sudo():
            raise StackFault(f"missing packages: run `sudo {wish}`, then this again")
        command = ("sudo", *command)
    with shown(wish):
        run_logged(command, log_file=install_log_dir() / "apt.log", what=wish)


def _may_sudo() -> bool:
    """Whether sudo lets us, at most after asking a person at the terminal."""
    if shutil.which("sudo") is None:
        return False
    question = ("sudo", "-v") if sys.stdin.isatty() else ("sudo", "-n", "true")
    return subprocess.run(question, check=False, stderr=subprocess.DEVNULL).returncode == 0
