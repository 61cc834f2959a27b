"""Debian's packages: which are missing, and their installation where we may."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stack.builds import kafka_is_current
from stack.commands import run_logged
from stack.faults import StackFault
from stack.places import CHECKOUT, executable, install_log_dir
from stack.progress import shown
from stack.servers.postgresql import installed_version
from stack.settings import read_package_names, read_versions
from stack.toolchains import java_is_suitable

SCRIPT = CHECKOUT / "stack" / "install-packages.sh"
C_HEADERS = Path("/usr/include/stdlib.h")
KOREAN_FONTS = Path("/usr/share/fonts/opentype/noto")


def missing_packages(*, for_tests: bool) -> list[str]:
    """The Debian packages that are not there; `for_tests` those of browser and compiler too."""
    versions = read_versions()
    present = {
        "postgresql": installed_version(versions.postgresql),
        "redis": shutil.which("redis-server"),
        "java": java_is_suitable(versions),
        "maven": kafka_is_current(versions.kafka) or shutil.which("mvn"),
        "venv": Path(executable("pip")).exists() or importlib.util.find_spec("ensurepip"),
    }
    if for_tests:
        present["chromium"] = shutil.which("chromium")
        present["prometheus"] = shutil.which("prometheus")
        present["compiler"] = shutil.which("gcc")
        present["c_headers"] = C_HEADERS.exists()
        present["korean_font"] = any(KOREAN_FONTS.glob("NotoSansCJK*"))
    names = read_package_names()
    return [names[what] for what, is_there in present.items() if not is_there]


def install_missing(what: str, *, program: str) -> None:
    """Install the package of stack.toml that is called `what`, unless its program is there."""
    if shutil.which(program) is None:
        install_packages([read_package_names()[what]])


def install_packages(names: list[str]) -> None:
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
