"""Every path, link, `make` verb and Python module that a page names exists, and every page that
code names."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from stack.__main__ import VERBS
from stack.places import CHECKOUT

FOLDERS = (
    ".github", "app", "bridge", "deploy", "docs", "grafana", "k6", "lanes", "migrations", "stack",
    "tests", "workers",
)  # fmt: skip
NAMED_PATH = re.compile(rf"(?<![\w/.:…-])((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./*-]+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# In code only: prose has "make sure".
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"(?:^|[`$;&] ?)make ([a-z][a-z-]*)", re.MULTILINE)
MODULE = re.compile(r"python3? -m ((?:app|bridge|lanes|stack)[\w.]*)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
LICENCES = CHECKOUT / "docs" / "licences.md"
# With its path, or alone when it is in one of these.
NAMED_PAGE = re.compile(r"(?<![\w/.-])(?:[\w-]+/)*[\w-]+\.md\b")
PAGE_FOLDERS = ("", "docs", "docs/lanes")
CODE_SUFFIXES = (".py", ".ts", ".tsx", ".js", ".yml")
NOT_OURS = {"node_modules", "dist"}
NO_PAGES = {"nowhere.md", "TIME.md"}  # of a test; a report that is named after its time


def pages() -> Iterator[Path]:
    """All pages except the list of other projects' packages, which names no path of ours."""
    yield from sorted(CHECKOUT.glob("*.md"))
    for folder in ("docs", "grafana"):
        yield from sorted(set((CHECKOUT / folder).rglob("*.md")) - {LICENCES})
    yield CHECKOUT / "k6" / "README.md"


def faults(text: str, folder: Path) -> Iterator[str]:
    """Yield each name in a page of `folder` that does not exist."""
    for path in NAMED_PATH.findall(text):
        if not any(CHECKOUT.glob(path.rstrip("./"))):
            yield path
    for target in LINK.findall(text):
        if not target.startswith("http") and not link_exists(target, folder, text):
            yield target
    for code in CODE.findall(text):
        yield from (f"make {verb}" for verb in MAKE.findall(code) if verb not in VERBS)
        yield from (module for module in MODULE.findall(code) if not module_exists(module))


def link_exists(target: str, folder: Path, text: str) -> bool:
    """Return whether the file exists, and its heading if the link has one."""
    name, _, anchor = target.partition("#")
    file = folder / name
    if not file.exists():
        return False
    if not anchor:
        return True
    headings = HEADING.findall(file.read_text(encoding="utf-8") if name else text)
    return anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def module_exists(module: str) -> bool:
    path = CHECKOUT / module.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def code_files() -> Iterator[Path]:
    """Our files, but for what others wrote or tools made."""
    for top in (*FOLDERS, ".ci"):
        for folder, inner, files in os.walk(CHECKOUT / top):
            inner[:] = sorted(set(inner) - NOT_OURS)
            yield from (Path(folder, name) for name in sorted(files))
    yield from sorted(path for path in CHECKOUT.iterdir() if path.is_file())


def missing_pages(text: str) -> list[str]:
    """Return each page that `text` names and that does not exist."""
    return [
        name
        for name in NAMED_PAGE.findall(text)
        if name not in NO_PAGES
        and not any((CHECKOUT / folder / name).is_file() for folder in PAGE_FOLDERS)
    ]


def test_every_page_that_code_names_exists() -> None:
    found = [
        f"{file.relative_to(CHECKOUT)}: {name} does not exist"
        for file in code_files()
        if file.suffix in CODE_SUFFIXES and file != Path(__file__)
        for name in missing_pages(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_missing_page_is_found_alone_and_with_its_path() -> None:
    text = "# as wire.md, tutorial.md and docs/lanes/README.md say; not gone.md, k6/wire.md"
    assert missing_pages(text) == ["gone.md", "k6/wire.md"]


def test_every_name_in_the_pages_exists() -> None:
    found = [
        f"{page.relative_to(CHECKOUT)}: {fault} does not exist"
        for page in pages()
        for fault in faults(page.read_text(encoding="utf-8"), page.parent)
    ]
    assert found == []


def test_each_kind_of_missing_name_is_found() -> None:
    text = (
        "See app/gone.py, tests/*/gone_*.py, [a](gone.md), [b](#gone), [c](security.md#gone), "
        "`make gone` and `python -m stack.gone`. Do make sure of [d](security.md#people) and\n"
        "`make up`, `python -m stack.demo bid`, docs/security.md and https://app/gone.\n"
    )
    assert list(faults(text, CHECKOUT / "docs")) == [
        "app/gone.py", "tests/*/gone_*.py", "gone.md", "#gone", "security.md#gone", "make gone",
        "stack.gone",
    ]  # fmt: skip
