"""A backup that is not whole is refused in one line, before anything is touched."""

import shutil
from pathlib import Path

import pytest

from stack import Stack
from stack.drill.__main__ import main
from stack.drill.backup import Backup, restore, take_backup
from stack.faults import UsageFault
from stack.servers.postgresql import PostgreSQL


@pytest.fixture(scope="module")
def postgresql(stack: Stack) -> PostgreSQL:
    """The tests' own."""
    return PostgreSQL(stack.places, stack.settings, stack.credentials)


@pytest.fixture
def backup(postgresql: PostgreSQL) -> Backup:
    """A base backup, and the WAL as the server has it, which is as whole as an archive."""
    directory = postgresql.places.data_dir / "backups"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    taken = take_backup(postgresql, directory / "base")
    archive = directory / "archive"
    shutil.copytree(postgresql.data / "pg_wal", archive)
    for path in (archive, *archive.rglob("*")):
        shutil.chown(path, postgresql.data.owner(), postgresql.data.group())
    return Backup(taken.base, archive, taken.binaries)


def checked(backup: Backup) -> int:
    return main(["--check", str(backup.base), "--archive", str(backup.archive)])


def segments(backup: Backup) -> list[Path]:
    return sorted(path for path in backup.archive.iterdir() if len(path.name) == 24)


def test_a_backup_with_a_missing_file_is_incomplete(
    backup: Backup, postgresql: PostgreSQL, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(backup) == 0
    assert "is whole" in capsys.readouterr().out
    relation = next(path for path in (backup.base / "base" / "1").iterdir() if path.name == "1259")
    content = relation.read_bytes()
    relation.write_bytes(content[:-1])
    assert checked(backup) == 2
    complaint = capsys.readouterr().err
    assert (complaint.count("\n"), "is no whole base backup" in complaint) == (1, True)
    with pytest.raises(UsageFault, match="no whole base backup"):
        restore(postgresql, backup, until="2026-11-28")
    relation.write_bytes(content)

    first = segments(backup)[0]
    first.rename(first.with_suffix(".gone"))
    assert checked(backup) == 2
    assert f"lacks {first.name} of the WAL\n" in capsys.readouterr().err
    first.with_suffix(".gone").rename(first)

    (backup.base / "backup_manifest").unlink()
    assert checked(backup) == 2
    assert "it has no backup_manifest\n" in capsys.readouterr().err


def test_an_existing_server_is_not_overwritten(backup: Backup, postgresql: PostgreSQL) -> None:
    with pytest.raises(UsageFault, match="move it away first"):
        restore(postgresql, backup, until="2026-11-28")


@pytest.mark.parametrize("arguments", [["--check", "."], ["--check", "/no", "--archive", "/no"]])
def test_bad_arguments_are_reported_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
