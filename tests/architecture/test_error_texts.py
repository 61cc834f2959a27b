"""What a caller reads of an error names no server of ours and no command of operators."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.domain import errors
from stack.places import CHECKOUT

INTERNALS = re.compile("kafka|redis|mongo|postgres|alembic|celery|python -m", re.IGNORECASE)
SHOWN = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type)
    and issubclass(kind, errors.DomainError)
    and not issubclass(kind, errors.UnavailableError)  # its reason is for operators
}


def texts(file: Path) -> Iterator[str]:
    """Yield the literals that the errors of a file are raised with."""
    for call in ast.walk(ast.parse(file.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SHOWN:
            for part in ast.walk(call):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_texts_of_errors_name_no_internals() -> None:
    found = [text for file in sorted((CHECKOUT / "app").rglob("*.py")) for text in texts(file)]
    assert found
    assert [text for text in found if INTERNALS.search(text)] == []
