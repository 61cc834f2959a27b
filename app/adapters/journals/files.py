"""Journals as files of JSON lines."""

from collections.abc import Iterator
from pathlib import Path

from app.protocol.journal import JournalError, JournalLine, journal_line_decoder


def read_journal(path: Path) -> Iterator[JournalLine]:
    """The events of a journal, one line in memory at a time. Raises JournalError."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield _decoded(path, number, line)
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error


def _decoded(path: Path, number: int, line: bytes) -> JournalLine:
    try:
        return journal_line_decoder.decode(line)
    except ValueError as error:
        raise JournalError(f"{path}, line {number}: {error}") from error
