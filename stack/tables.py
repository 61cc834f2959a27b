"""Tables in Markdown, for people and for docs/."""

from collections.abc import Iterable, Sequence

RULES = {"<": "---", ">": "---:"}


def markdown(heading: Sequence[str], rows: Iterable[Sequence[str]], aligned: str = "") -> str:
    """Return a table; `aligned` has a `<` or `>` for each column, left if not given."""
    rule = [RULES[mark] for mark in aligned or "<" * len(heading)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heading, rule, *rows))
