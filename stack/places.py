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
from pathlib import Path

from stack.faults import StackFault

CHECKOUT = Path(__file__).resolve().parent.parent
VIRTUAL_ENVIRONMENT = CHECKOUT / ".venv"
SHARED_DATA = Path("/var/lib/auction")
# The kernel keeps a socket's path in 108 bytes; supervisor binds to PATH.PID first.
SOCKET_PATH_BYTES_MAX = 96


class Places:
    """The directories and files of one profile; `create` makes the directories."""

    def __init__(self, root: Path, run_dir: Path, data_dir: Path) -> None:
        self.root, self.run_dir, self.data_dir = root, run_dir, data_dir
        self.logs_dir = run_dir / "log"  # a file for each process
        self.programs_dir = run_dir / "programs"  # supervisor's configuration of each process
        self.metrics_dir = run_dir / "metrics"  # which processes of the application share
        self.config_file = run_dir / "supervisord.conf"
        self.status_file = run_dir / "processes.json"  # see stack.watcher
        self.port_offset_file = run_dir / "port_offset"  # STACK_PORT_OFFSET of the first start
        self.pools_file = run_dir / "pools.json"  # sizes of the pools that were scaled

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
        _close_to_others(self.logs_dir)
        _close_to_others(self.programs_dir)
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
    return Places(CHECKOUT, run_dir, data_dir_of(run_dir, wanted=wanted_data_dir))


def executable(name: str) -> str:
    """A program of the virtual environment."""
    return str(VIRTUAL_ENVIRONMENT / "bin" / name)


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
    if asked and os.geteuid() == 0 and not reachable_by_others(asked):
        raise StackFault(f"user postgres cannot reach {asked}: choose another STACK_DATA_DIR")
    if asked:
        return asked
    if os.geteuid() != 0 or reachable_by_others(run_dir):
        return link
    return SHARED_DATA / f"{CHECKOUT.name}-{_digest(CHECKOUT)}" / profile


def _make_data_dir(data_dir: Path) -> None:
    missing = [path for path in (data_dir, *data_dir.parents) if not path.exists()]
    for directory in reversed(missing):
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)  # for any umask: another user must pass through


def _close_to_others(directory: Path) -> None:
    """Programs' files hold secrets, logs may hold what users wrote: they are the owner's alone."""
    directory.chmod(0o700)
    for file in directory.iterdir():
        with suppress(FileNotFoundError):  # the supervisor turns logs over
            file.chmod(0o600)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
