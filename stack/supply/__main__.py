"""`python -m stack.supply` names what is wrong with lock files and workflows; exit code 1."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from stack.places import CHECKOUT
from stack.supply.locks import NPM_LOCKS, STANDARD_INPUT, Lock, all_locks
from stack.supply.pins import Pin, direct_packages, pinned, read_pins
from stack.supply.workflows import workflow_faults

ADDRESS = "://"


def faults(checkout: Path) -> Iterator[str]:
    """Yield what is wrong with the lock files of a checkout, one line each."""
    pins: dict[str, list[Pin]] = {}
    for lock in all_locks():
        file = checkout / lock.file
        if not file.exists():
            yield f"{lock.file} is missing: make lock"
            continue
        pins[lock.file] = read_pins(file)
        yield from _faults_of(lock, pins[lock.file], checkout)
        yield from _differences(lock, pins.get(lock.within, []), pins[lock.file])
    for name in NPM_LOCKS:
        yield from _npm_faults(name, checkout)


def _faults_of(lock: Lock, pins: list[Pin], checkout: Path) -> Iterator[str]:
    asked = set(_asked(lock, checkout))
    found = {(file, pin.name, pin.version) for pin in pins for file in pin.asked_by}
    for file, name, version in sorted(asked - found):
        yield f"{lock.file} lacks {name} {version}, which {_called(file)} asks for: make lock"
    for file, name, version in sorted(found - asked):
        yield f"{lock.file} has {name} {version}, which {_called(file)} does not ask for: make lock"
    for pin in pins:
        if not pin.hashes:
            yield f"{lock.file}: {pin.name} has no hash: make lock"
    if ADDRESS in (checkout / lock.file).read_text(encoding="utf-8"):
        yield f"{lock.file} names an address: packages come from whatever index a machine uses"


def _asked(lock: Lock, checkout: Path) -> Iterator[tuple[str, str, str]]:
    if lock.requirement:
        yield lock.source, *pinned(lock.requirement)
    else:
        yield from direct_packages(checkout / lock.source)


def _differences(lock: Lock, base: list[Pin], pins: list[Pin]) -> Iterator[str]:
    own = {(pin.name, pin.version) for pin in pins}
    for pin in base:
        if (pin.name, pin.version) not in own:
            yield f"{lock.file} has another {pin.name} than {lock.within}: make lock"


def _npm_faults(name: str, checkout: Path) -> Iterator[str]:
    lock = json.loads((checkout / name).read_text(encoding="utf-8"))
    for path, package in lock["packages"].items():
        if path and not package.get("integrity"):
            yield f"{name}: {path} has no hash: npm install"
        if ADDRESS in package.get("resolved", ""):
            yield f"{name}: {path} names an address: .npmrc forbids it, npm install"


def _called(file: str) -> str:
    return "stack/settings.py" if file == STANDARD_INPUT else file


def main() -> int:
    """The exit code."""
    found = [*faults(CHECKOUT), *workflow_faults(CHECKOUT)]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
