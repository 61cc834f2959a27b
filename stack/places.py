"""Where a profile keeps what: everything below var/ of the checkout, data perhaps elsewhere.

    var/lib/             what is downloaded or built, shared by all profiles
    var/log/             output of installing and building
    var/PROFILE/         configuration, sockets, logs and state of running processes
    var/PROFILE/data     the servers' data: a directory, or a link to the one that was chosen

PostgreSQL refuses to run as root. Started by root it runs as the user `postgres`, who must be
able to reach the data: where the checkout is private, data goes to /var/lib/auction.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stack.faults import StackFault

CHECKOUT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path("/var/lib/auction")
# The kernel keeps a socket's path in 108 bytes; supervisor binds to PATH.PID first.
SOCKET_PATH_BYTES_MAX = 96


@dataclass(frozen=True, slots=True)
class Places:
    """The directories and files of one profile; `create` makes the directories."""

    root: Path
    run_dir: Path
    data_dir: Path

    @property
    def logs_dir(self) -> Path:
        """One log file for each process."""
        return self.run_dir / "log"

    @property
    def programs_dir(self) -> Path:
        """One supervisor configuration file for each process."""
        return self.run_dir / "programs"

    @property
    def config_file(self) -> Path:
        """The supervisor's own configuration."""
        return self.run_dir / "supervisord.conf"

    @property
    def status_file(self) -> Path:
        """What the watcher knows of every process, as JSON; `/readyz` reads it."""
        return self.run_dir / "processes.json"

    @property
    def port_offset_file(self) -> Path:
        """The STACK_PORT_OFFSET this profile was first started with."""
        return self.run_dir / "port_offset"

    @property
    def pools_file(self) -> Path:
        """How many processes each pool was scaled to, as JSON; those that never were are absent."""
        return self.run_dir / "pools.json"

    @property
    def metrics_dir(self) -> Path:
        """Where application processes of this profile share their metrics."""
        return self.run_dir / "metrics"

    @property
    def socket(self) -> Path:
        """The supervisor's control socket, in the temporary directory when ours is too deep."""
        near = self.run_dir / "supervisor.sock"
        if len(os.fsencode(near)) <= SOCKET_PATH_BYTES_MAX:
            return near
        return Path(tempfile.gettempdir()) / f"auction-{_digest(self.run_dir)}.sock"

    def create(self) -> None:
        """Make the directories; the way to the data is open to the user `postgres`."""
        for directory in (self.logs_dir, self.programs_dir, self.metrics_dir):
            directory.mkdir(parents=True, exist_ok=True)
        for directory in (self.logs_dir, self.programs_dir):
            _close_to_others(directory)
        _make_data_dir(self.data_dir)
        link = self.run_dir / "data"
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(self.data_dir)


def places_of(profile: str, *, wanted_data_dir: str | None) -> Places:
    """The places of `profile`; `wanted_data_dir` is STACK_DATA_DIR, obeyed at the first start.

    Raises StackFault when the data already lives elsewhere or cannot be reached by `postgres`.
    """
    run_dir = CHECKOUT / "var" / profile
    return Places(
        root=CHECKOUT,
        run_dir=run_dir,
        data_dir=data_dir_of(run_dir, wanted=wanted_data_dir),
    )


def libraries_dir() -> Path:
    """What is downloaded or built once for all profiles."""
    return CHECKOUT / "var" / "lib"


def install_log_dir() -> Path:
    """Output of installing and building."""
    return CHECKOUT / "var" / "log"


def reachable_by_others(directory: Path) -> bool:
    """Whether a user other than the owner may walk to `directory` (its missing part aside)."""
    existing = [path for path in (directory, *directory.parents) if path.exists()]
    return all(path.stat().st_mode & 0o001 for path in existing)


def data_dir_of(run_dir: Path, *, wanted: str | None) -> Path:
    """Where the data of the profile at `run_dir` is, or is to be; `wanted` as in places_of."""
    profile = run_dir.name
    link = run_dir / "data"
    asked = Path(wanted).resolve() / profile if wanted else None
    if link.is_symlink() or link.exists():
        present = link.resolve()
        if asked and asked != present:
            raise StackFault(
                f"data of profile {profile} is in {present}: unset STACK_DATA_DIR, or `make clean`"
            )
        return present
    if asked:
        return _checked(asked)
    if os.geteuid() != 0 or reachable_by_others(run_dir):
        return link
    return SHARED_DATA / f"{CHECKOUT.name}-{_digest(CHECKOUT)}" / profile


def _checked(asked: Path) -> Path:
    if os.geteuid() == 0 and not reachable_by_others(asked):
        raise StackFault(f"user postgres cannot reach {asked}: choose another STACK_DATA_DIR")
    return asked


def _make_data_dir(data_dir: Path) -> None:
    missing = [path for path in (data_dir, *data_dir.parents) if not path.exists()]
    for directory in reversed(missing):
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)  # whatever the umask: another user walks through


def _close_to_others(directory: Path) -> None:
    """Programs' files hold secrets, logs may hold what users wrote: they are the owner's alone."""
    directory.chmod(0o700)
    for file in directory.iterdir():
        with suppress(FileNotFoundError):  # the supervisor turns logs over
            file.chmod(0o600)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
