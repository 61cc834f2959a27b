"""Go and Node: those on PATH when new enough, else those from PyPI in the virtual environment."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from stack.commands import output_of
from stack.places import VIRTUAL_ENVIRONMENT
from stack.settings import Versions


@dataclass(frozen=True, slots=True)
class Go:
    """The path of a `go` that is new enough."""

    go: str


@dataclass(frozen=True, slots=True)
class Node:
    """The paths of a `node` that is new enough, and of its `npm`."""

    node: str
    npm: str

    def path(self, path: str) -> str:
        """PATH on which this Node comes first: npm and what it runs look it up there."""
        return f"{Path(self.node).parent}{os.pathsep}{path}"


def find_go(versions: Versions) -> Go | None:
    """A suitable Go, or None."""
    for candidate in _candidates("go"):
        if at_least(version_in(output_of((candidate, "version"))), versions.go_min):
            return Go(candidate)
    return None


def find_node(versions: Versions) -> Node | None:
    """A suitable Node with its npm, or None."""
    for candidate in _candidates("node"):
        npm = Path(candidate).with_name("npm")
        if npm.exists() and at_least(
            version_in(output_of((candidate, "--version"))), versions.node_min
        ):
            return Node(node=candidate, npm=str(npm))
    return None


def java_is_suitable(versions: Versions) -> bool:
    """Whether the `java` on PATH can run Kafka."""
    return at_least(version_in(output_of(("java", "-version"))), versions.java_min)


def version_in(text: str) -> str:
    """The first dotted number in what a program prints of its version; "0" when there is none."""
    match = re.search(r"\d+(\.\d+)*", text)
    return match.group() if match else "0"


def at_least(version: str, version_min: str) -> bool:
    """Whether a dotted version is `version_min` or newer."""
    return _numbers(version) >= _numbers(version_min)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _candidates(name: str) -> list[str]:
    """PATH's first, then the virtual environment's."""
    found = [shutil.which(name), shutil.which(name, path=str(VIRTUAL_ENVIRONMENT / "bin"))]
    return [path for path in found if path]
