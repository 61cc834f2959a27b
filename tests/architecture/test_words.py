"""Names are words that Kafka, Celery, PostgreSQL, WebSocket and auction people use.

The words below were a private dialect of this code; each stands beside what is said instead. A name
that has one of them again fails here: of a class, a function, an argument, a variable or an
attribute. Names of tests are sentences, and may have any word.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from stack.places import CHECKOUT

EVERYWHERE = {
    "bury": "add a dead letter",
    "buried": "dead letter",
    "burial": "dead letter",
    "burials": "dead letters",
    "undertaker": "dead letter writer",
    "condemned": "rejected",
    "heed": "apply, check",
    "hearers": "handlers",
    "owe": "expect",
    "owed": "pending",
    "asleep": "a flag that is clear",
    "telling": "clear the flag",
    "tally": "result",
    "tallies": "results",
    "examination": "context",
    "shelves": "tables",
    "strays": "orphans",
    "intake": "inbox writer",
    "taking": "ingest",
    "party": "services",
    "deaf": "ignores messages",
    "mute": "has sent nothing",
    "unwell": "failed",
    "thinness": "degradation",
    "homes": "partitions",
    "nobodies": "rows without a user",
    "everybodys": "default",
    "resting": "paused",
    "glance": "read",
}
# In what runs in production; tests and the stack may still have them.
PRODUCTION = {
    "tell": "notify, publish, log",
    "told": "notified, delivered",
    "ask": "request, read",
    "asked": "requested, parameters",
    "asking": "requesting",
    "said": "the thing that was said: a record, a message, an outcome",
    "hear": "receive",
    "heard": "received",
    "take": "ingest, consume, insert",
    "taken": "ingested",
    "doubtful": "with a gap",
    "news": "the thing that is new: a backlog, a change",
    "judge": "check, compare",
    "shelf": "table",
    "survivors": "existing ids",
    "strangers": "other connections",
    "places": "partitions, offsets, sockets",
}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that is given in a module, and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("test_"):
                yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def faults(source: str, path: str, banned: dict[str, str]) -> list[str]:
    """A line for each name with a banned word."""
    return [
        f"{path}:{line}: {name}: say {banned[word.lower()]}"
        for name, line in names(ast.parse(source))
        for word in WORD.findall(name)
        if word.lower() in banned
    ]


def sources(*folders: str) -> Iterator[Path]:
    """The Python files of these folders, those of npm's packages aside."""
    for top in folders:
        for folder, inner, files in os.walk(CHECKOUT / top):
            inner[:] = sorted(set(inner) - {"node_modules"})
            yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def found(banned: dict[str, str], *folders: str) -> list[str]:
    return [
        fault
        for path in sources(*folders)
        for fault in faults(path.read_text(), str(path.relative_to(CHECKOUT)), banned)
    ]


def test_no_name_has_a_word_of_the_old_dialect() -> None:
    assert found(EVERYWHERE, "app", "bridge", "workers", "stack", "tests", "migrations") == []


def test_no_name_in_production_is_a_riddle() -> None:
    assert found(PRODUCTION, "app", "bridge", "workers") == []


def test_a_word_is_found_in_every_kind_of_name() -> None:
    source = (
        "class Undertaker: ...\ndef bury(tally): owed = self.is_deaf = 1\ndef test_a_tally(): ..."
    )
    lines = [fault.split(":")[2].strip() for fault in faults(source, "x.py", EVERYWHERE)]
    assert sorted(lines) == ["Undertaker", "bury", "is_deaf", "owed", "tally"]
