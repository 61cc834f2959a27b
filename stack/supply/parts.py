"""What others made that the house uses, as the lock files name it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from stack.supply.locks import NPM_LOCKS, RUN_TIME, all_locks
from stack.supply.pins import read_pins

RUNS, TOOLS = "Python, run-time", "Python, development"
BUNDLE, NPM = "npm, in the browser's client", "npm, development"
GO, JARS = "Go modules", "Kafka's jars"
SERVERS = "Servers of docker-compose.yml"
SECTIONS = {
    RUNS: "Installed in the image and on the stack.",
    TOOLS: "Checks, tests, drawing of boards, toolchains.",
    BUNDLE: "Shipped to browsers.",
    NPM: "Builds and tests the client, types and tests the scripts of k6/, is in the page of the"
    " stack's Mailpit.",
    GO: "In the programs under stack/ and k6/storm, which run on the stack and in tests, not in the"
    " image.",
    JARS: "The broker of the stack and of the tests; not in the image.",
    SERVERS: "No part of the house: they run beside it as their makers publish them. Grafana and"
    " MongoDB are under licences that nothing above may have; FerretDB (Apache-2.0) can take"
    " MongoDB's place, as on the stack.",
}
DEVELOPMENT = {TOOLS, NPM}

REQUIRED = re.compile(r"^(?:require )?\s*([\w.~-]+\.[\w.~-]+/\S+) (v\S+)", re.MULTILINE)
IMAGE = re.compile(r"^ +image: ([\w./-]+):([\w.-]+)", re.MULTILINE)
JAR = re.compile(r"^[0-9a-f]{64}  (\S+?)-(\d\S*)\.jar$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One version of a part; the licence only where the lock file itself tells it."""

    section: str
    name: str
    version: str
    licence: str = ""


def all_parts(checkout: Path) -> set[Part]:
    """Return every part of this checkout."""
    own = {*_python(checkout), *_npm(checkout), *_go(checkout), *_jars(checkout)}
    return own | set(_servers(checkout))


def _python(checkout: Path) -> Iterator[Part]:
    pins = {
        lock.file: {(pin.name, pin.version) for pin in read_pins(checkout / lock.file)}
        for lock in all_locks()
    }
    run_time = pins.pop(RUN_TIME.file)
    for name, version in run_time:
        yield Part(RUNS, canonicalize_name(name), version)
    for name, version in set().union(*pins.values()) - run_time:
        yield Part(TOOLS, canonicalize_name(name), version)


def _npm(checkout: Path) -> Iterator[Part]:
    for name in NPM_LOCKS:
        lock = json.loads((checkout / name).read_text(encoding="utf-8"))
        for path, package in lock["packages"].items():
            if path:
                is_tool = package.get("dev") or package.get("devOptional")
                package_name = path.rpartition("node_modules/")[2]
                section = NPM if is_tool else BUNDLE
                yield Part(section, package_name, package["version"], package.get("license", ""))


def _go(checkout: Path) -> Iterator[Part]:
    for file in (*checkout.glob("stack/*/go.mod"), checkout / "k6/storm/go.mod"):
        for name, version in REQUIRED.findall(file.read_text(encoding="utf-8")):
            yield Part(GO, name, version)


def _servers(checkout: Path) -> Iterator[Part]:
    text = (checkout / "docker-compose.yml").read_text(encoding="utf-8")
    for name, version in IMAGE.findall(text):
        yield Part(SERVERS, name, version)


def _jars(checkout: Path) -> Iterator[Part]:
    text = (checkout / "stack/kafka/jars.sha256").read_text(encoding="utf-8")
    for name, version in JAR.findall(text):
        yield Part(JARS, name, version)
