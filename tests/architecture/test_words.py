"""Names are words that Kafka, Celery, PostgreSQL, WebSocket and auction people use.

The words below were a private dialect of this code; each is listed with its replacement. A name
of a class, a function, an argument, a variable or an attribute that has one of them again fails
here.
Names of tests are sentences: they may have any word, but have a maximum length.
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
    "tell": "notify, publish, log",
    "told": "notified, delivered",
    "hear": "receive",
    "heard": "received",
    "asking": "requesting",
    "doubtful": "with a gap",
    "survivors": "existing ids",
    "strangers": "other connections",
    "news": "the thing that is new: a backlog, a change",
    "everybody": "all of them: sockets, bidders",
    "nobodys": "unknown",
    "ears": "subscribers",
    "doors": "the lines of pg_hba.conf",
    "ill": "failing",
    "wordless": "without text",
}
# In what runs in production; tests and the stack may still have them.
PRODUCTION = {
    "ask": "request, read",
    "asked": "requested, parameters",
    "asks": "needs",
    "anybody": "all",
    "somebody": "a user",
    "whoever": "the process, the user",
    "wish": "request",
    "meanwhile": "background",
    "said": "the thing that was said: a record, a message, an outcome",
    "take": "ingest, consume, insert",
    "taken": "ingested",
    "judge": "check, compare",
    "shelf": "table",
    "places": "partitions, offsets, sockets",
}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
TEST_NAME_LENGTH_MAX = 70


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


def test_no_identifier_has_a_banned_word() -> None:
    folders = ("app", "bridge", "lanes", "migrations", "stack", "tests", "workers")
    assert found(EVERYWHERE, *folders) == []


def test_no_production_identifier_has_a_banned_word() -> None:
    assert found(PRODUCTION, "app", "bridge", "workers") == []


def test_names_of_tests_are_short() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}: {node.name}: {len(node.name)} characters"
        for path in sources("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name) > TEST_NAME_LENGTH_MAX
    ]
    assert found == []


def test_a_word_is_found_in_every_kind_of_name() -> None:
    source = (
        "class Undertaker: ...\ndef bury(tally): owed = self.is_deaf = 1\ndef test_a_tally(): ..."
    )
    lines = [fault.split(":")[2].strip() for fault in faults(source, "x.py", EVERYWHERE)]
    assert sorted(lines) == ["Undertaker", "bury", "is_deaf", "owed", "tally"]
