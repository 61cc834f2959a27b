"""A small disk of its own for PostgreSQL's data, so that it can be filled."""

import errno
import shutil
from pathlib import Path
from typing import BinaryIO

from stack.commands import run_logged
from stack.faults import StackFault
from stack.places import Places

SIZE_MB = 1_536  # a campaign's data, its log of changes, and room to spare
BLOCKS = (16 * 2**20, 4_096)  # ever smaller, until not a page is free


class SmallDisk:
    """A tmpfs beside the profile's data. `refusal` is the reason when it could not be mounted."""

    def __init__(self, places: Places) -> None:
        self._at = places.data_dir.resolve().with_name(f"{places.run_dir.name}-small-disk")
        self._log_file = places.run_dir.with_name(f"{places.run_dir.name}-small-disk.log")
        self.refusal: str | None = "it was not mounted"

    def move_here(self, directory: Path) -> None:
        """Move a directory, with all its owners, to the disk; where we may not mount, it stays."""
        self._at.mkdir(parents=True, exist_ok=True)
        try:
            self._run("mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "tmpfs")
        except StackFault as refused:
            self.refusal = str(refused)
            return
        run_logged(
            ("cp", "-a", str(directory), str(self._at)),
            log_file=self._log_file,
            what="moving PostgreSQL's data to the small disk",
        )
        shutil.rmtree(directory)
        directory.symlink_to(self._at / directory.name)
        self.refusal = None

    def fill(self) -> None:
        """Leave not a page free. Raises StackFault where there is no such disk."""
        if self.refusal is not None:
            raise StackFault(f"there is no small disk to fill: {self.refusal}")
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in BLOCKS:
                _write_until_full(ballast, bytes(size))

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        """Unmount it, with all that is on it."""
        if self._at.is_mount():
            self._run("umount")
        if self._at.exists():
            self._at.rmdir()
        self.refusal = "it was not mounted"

    @property
    def _ballast(self) -> Path:
        return self._at / "ballast"

    def _run(self, *command: str) -> None:
        run_logged(
            (*command, str(self._at)),
            log_file=self._log_file,
            what=f"{command[0]} of the small disk",
        )


def _write_until_full(file: BinaryIO, block: bytes) -> None:
    try:
        while True:
            file.write(block)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
