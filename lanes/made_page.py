"""Pages of the documentation that are made from declarations."""

from collections.abc import Sequence
from pathlib import Path


def write_or_check(
    file: Path, text: str, options: Sequence[str], *, name: str, content: str
) -> int:
    """Write the page `file`; with the option `--check` return 1 and print a line when it holds
    another text. `name` and `content` are how that line calls the page and what it lists."""
    if list(options) != ["--check"]:
        file.write_text(text, encoding="utf-8")
        return 0
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return 0
    print(f"{name} does not list the {content} that are declared: run `make docs`")
    return 1
