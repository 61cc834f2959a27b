"""The check of the workflows, in addition to actionlint and zizmor."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stack.places import CHECKOUT
from stack.supply.workflows import workflow_faults

LOCKFILE = re.compile(r"--lockfile=(?:\S+:)?(\S+)")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the files that workflows use."""
    shutil.copytree(CHECKOUT / ".github", tmp_path / ".github")
    for name in ("docs/ci.md", ".ci/run", "deploy/compose/release.sh", "bridge/__main__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    (tmp_path / "stack/demo").mkdir(parents=True)
    (tmp_path / "stack/demo/__main__.py").touch()
    return tmp_path


def replace(checkout: Path, name: str, old: str, new: str) -> None:
    file = checkout / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_workflows_of_this_checkout_are_right(checkout: Path) -> None:
    assert list(workflow_faults(checkout)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("bash .ci/run", "make tset", "test.yml: job test: make tset: there is no such verb"),
        ("bash .ci/run", "bash .ci/rnu", "test.yml: job test: .ci/rnu is not there"),
        ("    timeout-minutes: 90\n", "", "test.yml: job test has no timeout-minutes"),
        ("permissions:\n  contents: read\n", "", "test.yml: permissions is missing"),
        (" # v7.0.1", "", "is not pinned as owner/name@COMMIT # v1.2.3"),
        ("persist-credentials: false", "token: '${{ secrets.NOBODY }}'", "how NOBODY is made"),
    ],
)
def test_missing_dependencies_of_a_workflow_are_named(
    checkout: Path, old: str, new: str, fault: str
) -> None:
    replace(checkout, ".github/workflows/test.yml", old, new)
    found = list(workflow_faults(checkout))
    assert len(found) == 1
    assert fault in found[0]


def test_a_secret_that_no_workflow_uses_any_more_is_named(checkout: Path) -> None:
    replace(checkout, ".github/workflows/release.yml", "secrets.KUBE_CONFIG", "github.token")
    assert list(workflow_faults(checkout)) == [
        "docs/ci.md tells of KUBE_CONFIG, which no workflow uses"
    ]


def test_every_lock_file_is_audited() -> None:
    scanned = set(LOCKFILE.findall((CHECKOUT / ".github/workflows/scan.yml").read_text("utf-8")))
    listed = subprocess.run(
        ["git", "ls-files", "*requirements-dev.lock", "*package-lock.json", "*go.mod"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert scanned == set(listed)
