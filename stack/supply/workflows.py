"""Names what a workflow of .github/workflows relies on and nobody has.

actionlint judges their syntax, zizmor their rights. This knows the project: its verbs, and the
secrets and variables that docs/ci.md tells people to make.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stack.__main__ import VERBS

GIVEN = {"GITHUB_TOKEN"}  # GitHub makes it for each run
USED = re.compile(r"\b(?:secrets|vars)\.([A-Za-z_][A-Za-z0-9_]*)")
LISTED = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
MAKE = re.compile(r"(?:^|[\n;&|(]|\bexec )\s*make ([a-z-]+)")
SCRIPT = re.compile(r"(?:\bsh|\bbash|python -m) ([\w./-]+)")
# A third-party action: a commit, and its version in a comment.
PINNED = re.compile(r"^[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
USES = re.compile(r"^\s*(?:- )?uses: (.*)$", re.MULTILINE)


def workflow_faults(checkout: Path) -> Iterator[str]:
    """Yield what is wrong with the workflows of a checkout, one line each."""
    page = (checkout / "docs/ci.md").read_text(encoding="utf-8")
    listed, used = set(LISTED.findall(page)), set[str]()
    for file in sorted((checkout / ".github/workflows").glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        names = set(USED.findall(text)) - GIVEN
        used |= names
        for name in sorted(names - listed):
            yield f"{file.name}: docs/ci.md does not say how {name} is made"
        yield from (f"{file.name}: {fault}" for fault in _faults_of(text, checkout))
    for name in sorted(listed - used):
        yield f"docs/ci.md tells of {name}, which no workflow uses"


def _faults_of(text: str, checkout: Path) -> Iterator[str]:
    for action in USES.findall(text):
        if not action.startswith("./") and not PINNED.match(action):
            yield f"{action} is not pinned as owner/name@COMMIT # v1.2.3"
    workflow = yaml.safe_load(text)
    for name in ("permissions", "concurrency"):
        if name not in workflow:
            yield f"{name} is missing"
    for name, job in workflow["jobs"].items():
        if "uses" not in job and "timeout-minutes" not in job:
            yield f"job {name} has no timeout-minutes"
        yield from (f"job {name}: {fault}" for fault in _script_faults(job, checkout))


def _script_faults(job: dict[str, Any], checkout: Path) -> Iterator[str]:
    for script in [step["run"] for step in job.get("steps", []) if "run" in step]:
        for verb in MAKE.findall(script):
            if verb not in VERBS:
                yield f"make {verb}: there is no such verb"
        for name in SCRIPT.findall(script):
            if not _is_there(name, checkout):
                yield f"{name} is not there"


def _is_there(name: str, checkout: Path) -> bool:
    """Whether it is a file, or a module of ours or of Python's."""
    module = checkout / name.replace(".", "/")
    return (
        (checkout / name).exists()
        or module.with_suffix(".py").exists()
        or (module / "__main__.py").exists()
        or name == "venv"
    )
