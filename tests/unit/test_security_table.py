"""docs/security.md names existing tests for each attack."""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from stack.places import CHECKOUT

PAGE = CHECKOUT / "docs/security.md"
HEADING = "## The security table"
TEST = re.compile(r"`([\w/]+\.(?:py|ts|js|go))::([^`]+)`")
# What must have a row, by words that its first cell has.
ATTACKS = (
    "Authlib's forged tokens", "code injection", "mix-up between the providers", "open redirects",
    "takeover by unverified e-mail",
    "cross-site WebSocket", "CSRF on cookie endpoints", "token confusion", "brute force",
    "user enumeration by text", "user enumeration by time", "authorization matrix",
    "rate limits behind proxies", "slow handshakes and bodies", "floods of frames", "huge frames",
    "compressed frames", "JSON abuse", "SQL operators", "Mongo operators", "stored XSS", "HSTS",
    "the other headers", "error bodies", "pickled Celery message", "store credentials",
    "secrets with defaults", "log injection", "dependency audit in CI",
)  # fmt: skip


def rows() -> Iterator[tuple[str, str, str]]:
    """The cells of each row: attack, defence, test."""
    table = PAGE.read_text(encoding="utf-8").partition(HEADING)[2].partition("\n### ")[0]
    for line in table.splitlines():
        if line.startswith("| ") and not line.startswith("| attack "):
            attack, defence, test = line.strip("| ").split(" | ")
            yield attack, defence, test


@cache
def source(file: str) -> str:
    """A file of tests; empty when there is none."""
    path = CHECKOUT / "tests" / file
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_a_row(attack: str) -> None:
    assert any(attack in cells[0] for cells in rows())


def test_every_row_names_existing_tests() -> None:
    for attack, _, cell in rows():
        named = TEST.findall(cell)
        assert named, f"{attack}: names no test"
        missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in source(file)]
        assert not missing, f"{attack}: {missing}"
