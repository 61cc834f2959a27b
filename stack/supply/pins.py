"""Reads what Python's lock files pin, and what requirements files ask for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stack.supply.locks import STANDARD_INPUT

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
# As uv writes who asked for a package: `-r FILE` is a requirements file, anything else a package.
ASKED_BY_FILE = re.compile(r"^    #(?: via|  ) +-r (\S+)$", re.MULTILINE)
INCLUDES = re.compile(r"-r\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock file; the marker says where it is installed, nothing: everywhere."""

    name: str
    version: str
    marker: str
    hashes: int
    asked_by: frozenset[str]  # the requirements files that name it


def read_pins(lock: Path) -> list[Pin]:
    """Return the packages of a lock file, in its order."""
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [_pin(block) for block in blocks if block[:1].isalnum()]


def direct_packages(source: Path) -> Iterator[tuple[str, str, str]]:
    """Yield file, package and version for each line of a requirements file and those it includes.

    Raises ValueError for a line that pins no version.
    """
    for line in source.read_text(encoding="utf-8").splitlines():
        wish = line.partition("#")[0].strip()
        if included := INCLUDES.fullmatch(wish):
            yield from direct_packages(source.with_name(included[1]))
        elif wish:
            yield source.name, *pinned(wish)


def pinned(wish: str) -> tuple[str, str]:
    """Return name and version of `name==version`; ValueError for anything else."""
    requirement = Requirement(wish)
    versions = [one.version for one in requirement.specifier if one.operator == "=="]
    if len(versions) != 1:
        raise ValueError(f"{wish} pins no version")
    return canonicalize_name(requirement.name), versions[0]


def _pin(block: str) -> Pin:
    wish, _, marker = block.partition("\n")[0].rstrip("\\ ").partition(" ; ")
    name, version = pinned(wish)
    # uv writes nothing below a package that was required on its standard input.
    asked_by = ASKED_BY_FILE.findall(block) if "    # via" in block else [STANDARD_INPUT]
    return Pin(name, version, marker.strip(), len(HASH.findall(block)), frozenset(asked_by))
