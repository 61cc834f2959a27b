"""One process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.faults import StackFault


@contextmanager
def exclusive(file: Path, *, refusal: str | None = None) -> Iterator[None]:
    """Hold the lock `file` until left. While another process has it: wait, or raise StackFault with
    `refusal` as its text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if refusal is None else fcntl.LOCK_NB))
        except BlockingIOError:
            raise StackFault(refusal) from None
        yield
