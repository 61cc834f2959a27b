"""Files of which several processes take care: locks, secrets, and what others are made from."""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.faults import StackFault
from stack.places import CHECKOUT


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


def write_private(file: Path, text: str) -> None:
    """Write what only its owner may read.

    It goes through a new name, so that a full disk leaves no half of a file.
    """
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)


def digest_of(files: Iterable[Path]) -> str:
    """One hash of the names and contents of `files`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(CHECKOUT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
