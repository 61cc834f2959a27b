"""A base backup of PostgreSQL and the WAL archived since: taken, and refused unless it is whole."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.faults import UsageFault
from stack.servers.postgresql import SUPERUSER, PostgreSQL, make_private, server_user

SEGMENT = re.compile("[0-9A-F]{24}")
SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENTS_PER_LOG = 0x1_0000_0000 // SEGMENT_BYTES
RECOVERY = """
restore_command = 'cp {archive}/%f %p'
recovery_target_time = '{until}'
recovery_target_action = 'promote'
"""


@dataclass(frozen=True, slots=True)
class Backup:
    """A base backup in plain format at `base`, and the directory of its archived WAL.

    `binaries` is the directory of PostgreSQL's programs, of the version that made it.
    """

    base: Path
    archive: Path
    binaries: Path

    def check_complete(self) -> None:
        """Raise UsageFault, which names what is missing or wrong; nothing is changed."""
        manifest = self.base / "backup_manifest"
        if not manifest.exists():
            raise UsageFault(f"{self.base} is no whole base backup: it has no backup_manifest")
        self._refuse_gaps(_first_segment(manifest))
        tool = (str(self.binaries / "pg_verifybackup"), "--quiet")
        result = _as_server((*tool, f"--wal-directory={self.archive}", str(self.base)))
        if result.returncode != 0:
            first, *_ = [*result.stderr.strip().splitlines(), "pg_verifybackup says no more"]
            raise UsageFault(f"{self.base} is no whole base backup: {first}")

    def _refuse_gaps(self, first: tuple[int, int]) -> None:
        timeline, number = first
        there = {
            _number(path.name)
            for path in self.archive.iterdir()
            if SEGMENT.fullmatch(path.name) and int(path.name[:8], 16) == timeline
        }
        last = max(there, default=-1)
        if last < number:
            raise UsageFault(f"{self.archive} lacks {_name(timeline, number)} of the WAL")
        for wanted in range(number, last):
            if wanted not in there:
                raise UsageFault(f"{self.archive} lacks {_name(timeline, wanted)} of the WAL")


def take_backup(postgresql: PostgreSQL, base: Path) -> Backup:
    """Take a base backup while the server runs; it ends once the WAL that it needs is archived."""
    shutil.rmtree(base, ignore_errors=True)
    make_private(base)
    server = (
        "-h",
        postgresql.host,
        "-p",
        str(postgresql.settings.ports.postgresql),
        "-U",
        SUPERUSER,
    )
    kind = ("--format=plain", "--wal-method=none", "--checkpoint=fast", f"--pgdata={base}")
    tool = str(postgresql.binaries() / "pg_basebackup")
    result = _as_server((tool, *server, *kind), password=postgresql.credentials.postgres_password)
    if result.returncode != 0:
        raise UsageFault(f"no base backup: {result.stderr.strip().splitlines()[-1]}")
    return Backup(base, postgresql.archive, postgresql.binaries())


def restore(postgresql: PostgreSQL, backup: Backup, *, until: str) -> None:
    """Lay the files of a lost server out again, so that its start recovers it up to `until`.

    Raise UsageFault when the backup is not whole, or when there are files still.
    """
    backup.check_complete()
    if postgresql.data.exists():
        raise UsageFault(f"{postgresql.data} is there: move it away first")
    make_private(postgresql.data)
    copied = _as_server(("cp", "-a", f"{backup.base}/.", str(postgresql.data)))
    if copied.returncode != 0:
        raise UsageFault(f"the base backup cannot be copied: {copied.stderr.strip()}")
    settings = postgresql.data / "postgresql.auto.conf"
    with settings.open("a", encoding="utf-8") as file:
        file.write(RECOVERY.format(archive=backup.archive, until=until))
    (postgresql.data / "recovery.signal").touch()


def _as_server(
    command: tuple[str, ...], *, password: str = ""
) -> "subprocess.CompletedProcess[str]":
    user = server_user()
    return subprocess.run(
        command,
        cwd="/",
        env={**os.environ, "PGPASSWORD": password, "LC_ALL": "C"},
        user=user,
        group=user,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        check=False,
    )


def _first_segment(manifest: Path) -> tuple[int, int]:
    """The timeline and the number of the first segment that the base backup needs."""
    try:
        first = json.loads(manifest.read_text(encoding="utf-8"))["WAL-Ranges"][0]
        log, offset = (int(part, 16) for part in first["Start-LSN"].split("/"))
    except (ValueError, KeyError, IndexError):
        raise UsageFault(f"{manifest} cannot be read: the base backup was cut short") from None
    return int(first["Timeline"]), log * SEGMENTS_PER_LOG + offset // SEGMENT_BYTES


def _number(name: str) -> int:
    return int(name[8:16], 16) * SEGMENTS_PER_LOG + int(name[16:], 16)


def _name(timeline: int, number: int) -> str:
    return f"{timeline:08X}{number // SEGMENTS_PER_LOG:08X}{number % SEGMENTS_PER_LOG:08X}"
