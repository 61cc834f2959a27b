"""`python -m stack.deployment`: whether the files that a house is deployed with can be loaded.

It prints a line for each fault, naming what is wrong, and exits 1 when there is one.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from stack.deployment.loading import (
    COMPOSE_FILE,
    KUSTOMIZATIONS,
    PRODUCTION,
    compose_project,
    kubernetes_resources,
)
from stack.deployment.resources import faults_of
from stack.faults import StackFault


def compose_faults(file: Path) -> Iterator[str]:
    """Yield a line per fault of a compose file, as it is and with the settings of production."""
    for env_file in (None, PRODUCTION):
        try:
            compose_project(file, env_file)
        except StackFault as fault:
            used = f" with {env_file.name}" if env_file else ""
            yield f"{file.name}{used}: {fault}"


def kubernetes_faults(directory: Path) -> Iterator[str]:
    """Yield a line per fault of what is in the directory of a kustomization."""
    try:
        resources = kubernetes_resources(directory)
    except StackFault as fault:
        yield f"{directory.name}: {fault}"
        return
    for resource in resources:
        yield from (f"{directory.name}: {fault}" for fault in faults_of(resource))


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m stack.deployment", description=__doc__)
    parser.add_argument("--compose", type=Path, default=COMPOSE_FILE)
    parser.add_argument("--kubernetes", type=Path, nargs="*", default=KUSTOMIZATIONS)
    options = parser.parse_args(arguments)
    found = list(compose_faults(options.compose))
    for directory in options.kubernetes:
        found += kubernetes_faults(directory)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
