"""PostgreSQL: a cluster of our own, reached over loopback TCP only, with passwords.

A profile may give it a standby. Then no commit is acknowledged before the standby has it too, and
neither is started again by the supervisor: a primary that died must not come back as one, because
its standby may have been promoted meanwhile.
"""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from stack.commands import run_logged
from stack.faults import StackFault
from stack.ports import host_of
from stack.programs import Program
from stack.servers import Server
from stack.settings import Settings, Versions

SUPERUSER = "postgres"
STANDBY_SIGNAL = "standby.signal"  # PostgreSQL's own: with it, it starts as a standby
INSTALLED = Path("/usr/lib/postgresql")
# Each database and what its owner, a role of the same name, may do. Tests make databases of their
# own; FerretDB keeps the documents in the second one.
DATABASES = {"auction": "LOGIN CREATEDB", "ferretdb": "LOGIN"}

CONFIGURATION = """\
# Written at every start by stack/servers/postgresql.py.
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = {connections_max}
shared_buffers = {shared_buffers_mb}MB
effective_cache_size = 2GB
work_mem = 8MB
maintenance_work_mem = 64MB
max_worker_processes = 4
max_parallel_workers_per_gather = 1
max_parallel_maintenance_workers = 1
jit = off
random_page_cost = 1.1
# What is committed stays, through a power cut too: acknowledged bids rest on it.
fsync = on
synchronous_commit = on
wal_compression = lz4
min_wal_size = 1GB
max_wal_size = 4GB
checkpoint_timeout = 15min
# Inbox and outbox live by insert and delete: vacuum them often.
autovacuum_naptime = 15s
autovacuum_vacuum_scale_factor = 0.05
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %u@%d '
log_checkpoints = off
# No value of a statement or a row is written down: they hold e-mails and hashes of passwords. The
# driver puts values into the text of a statement, so no text of any is logged, slow ones neither;
# and an error may quote a value, so errors of statements are told to who sent them alone.
log_min_messages = log
log_error_verbosity = terse
log_min_error_statement = panic
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_statement = none
"""

# A segment has its name only when it is whole and on disk (docs/backup.md).
ARCHIVING = """\
archive_mode = on
archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f.part && sync {archive}/%f.part && \
mv {archive}/%f.part {archive}/%f'
archive_timeout = 60
"""


class PostgreSQL(Server):
    """The cluster at `data`, run by `postgres` when we are root and by ourselves otherwise.

    Number 1 is made as the primary, number 2 as its standby; which is which may change later.
    """

    kind = "postgresql"

    @property
    def is_standby(self) -> bool:
        """Whether it follows the other, and takes no write."""
        return (self.data / STANDBY_SIGNAL).exists()

    @property
    def archive(self) -> Path:
        """Where its WAL is archived, where the profile says that it is."""
        return self.places.data_dir / "archive"

    @property
    def _other(self) -> "PostgreSQL":
        """The standby of the primary, the primary of the standby."""
        return PostgreSQL(self.places, self.settings, self.credentials, 3 - self.number)

    def prepare(self) -> None:
        """Make its data directory, of a standby by copying its primary, and its configuration."""
        if not (self.data / "PG_VERSION").exists():
            if self.number == 1:
                self._create_cluster()
            else:
                self.copy_from(self._other)
        self._drop_stale_lock()
        sizes = self.settings.sizes
        text = CONFIGURATION.format(
            host=self.host,
            port=self.port,
            connections_max=sizes.postgresql_connections_max,
            shared_buffers_mb=sizes.postgresql_shared_buffers_mb,
        )
        if self.settings.archived:
            make_private(self.archive)
            text += ARCHIVING.format(archive=self.archive)
        (self.data / "postgresql.conf").write_text(text, encoding="utf-8")

    def program(self) -> Program:
        """Return how the supervisor runs it."""
        return Program(
            name=self.name,
            command=(str(self.binaries() / "postgres"), "-D", str(self.data)),
            directory=self.data,  # the checkout may be closed to the user it runs as
            user=server_user(),
            stop_signal="INT",  # fast shutdown: clients are cut, what they committed is kept
            stop_wait_s=30,
            priority=10,
            restarts=not self.settings.standby,
        )

    def is_ready(self) -> bool:
        """Return whether it serves requests now."""
        probe = (str(self.binaries() / "pg_isready"), "-q", "-h", self.host, "-p", str(self.port))
        return subprocess.run(probe, check=False).returncode == 0

    def complete(self) -> None:
        """Make the databases and their owners, those that are missing.

        Of a standby: from now on its primary acknowledges no commit that the standby has not.
        """
        if self.is_standby:
            self._other.wait_for_standby()
            return
        existing = self.query("SELECT datname FROM pg_database").split()
        for database, rights in DATABASES.items():
            if database not in existing:
                password = getattr(self.credentials, f"{database}_password")
                self.query(
                    f"DO $$ BEGIN CREATE ROLE {database} {rights} PASSWORD '{password}'; "
                    "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
                )
                self.query(f"CREATE DATABASE {database} OWNER {database}")

    def fence(self) -> None:
        """From its next start on it is a standby, which takes no write. It must not run."""
        (self.data / STANDBY_SIGNAL).touch()

    def copy_from(self, primary: "PostgreSQL") -> None:
        """Make it anew as a standby of `primary`, which runs. It must not run itself."""
        draft = self._draft()
        source = f"--dbname=host={primary.host} port={self.port} user={SUPERUSER}"
        self._run(
            *("pg_basebackup", f"--pgdata={draft}", source),
            *("--write-recovery-conf", "--checkpoint=fast"),
            what=f"copying {primary.name} to {self.name}",
        )
        shutil.rmtree(self.data, ignore_errors=True)
        draft.rename(self.data)

    def wait_for_standby(self) -> None:
        """Let no commit be acknowledged before the standby has it. It must run as the primary."""
        self.query("ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Make the standby a primary that waits for nobody; returns once it takes writes."""
        self.query("ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()")
        self._run("pg_ctl", "promote", "-w", "-D", str(self.data), what=f"promoting {self.name}")

    def query(self, statement: str, *, database: str = "postgres") -> str:
        """Return what the superuser is answered, a line for each row. Raise StackFault."""
        command = (str(self.binaries() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1")
        server = ("-h", self.host, "-p", str(self.port), "-U", SUPERUSER, "-d", database)
        result = subprocess.run(
            (*command, *server),
            input=statement,  # not an argument: it may hold a password
            env={**os.environ, "PGPASSWORD": self.credentials.postgres_password},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise StackFault(f"PostgreSQL refuses to be set up: {result.stderr.strip()}")
        return result.stdout

    def _create_cluster(self) -> None:
        """initdb into a draft that is renamed when complete: an interrupted one is begun anew."""
        draft = self._draft()
        password_file = self.data.with_name("postgresql.password")
        password_file.touch(mode=0o600)
        password_file.write_text(self.credentials.postgres_password, encoding="utf-8")
        _give_to_server(password_file)
        access = ("--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password_file}")
        try:
            self._run(
                *("initdb", f"--pgdata={draft}", "--encoding=UTF8", "--locale=C.UTF-8", *access),
                what="creating the PostgreSQL cluster",
            )
        finally:
            password_file.unlink()
        draft.rename(self.data)

    def _draft(self) -> Path:
        """An empty directory of the server's user, for what becomes the data when complete."""
        draft = self.data.with_name(f"{self.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        make_private(draft)
        return draft

    def _run(self, program: str, *arguments: str, what: str) -> None:
        """Run one of PostgreSQL's programs as the server's user. Raise StackFault."""
        run_logged(
            (str(self.binaries() / program), *arguments),
            log_file=self.places.logs_dir / f"{program}.log",
            what=what,
            user=server_user(),
            environment={"PGPASSWORD": self.credentials.postgres_password},
        )

    def _drop_stale_lock(self) -> None:
        """Remove the lock of a killed server whose pid now belongs to some other program.

        PostgreSQL itself only asks whether the pid is alive, and then refuses to start.
        """
        lock = self.data / "postmaster.pid"
        if lock.exists():
            pid = lock.read_text(encoding="utf-8").split("\n")[0]
            if not _works_in(pid, self.data):
                lock.unlink()

    def binaries(self) -> Path:
        """The programs of the version that made the data, or of the oldest that will do."""
        return binaries_for(self.data)


def primary_wanted(settings: Settings) -> str:
    """The query of a database's URL by which a client finds the primary, whichever that is now.

    libpq and pgx go by its hosts and not by the one before the path. Empty without a standby.
    """
    if not settings.standby:
        return ""
    hosts = ",".join(host_of(number) for number in (1, 2))
    port = settings.ports.postgresql
    return f"host={hosts}&port={port},{port}&target_session_attrs=read-write"


def binaries_for(data: Path | None = None) -> Path:
    """The directory of Debian's programs of the version that made the data, or the oldest there is.

    Raises StackFault when there is none.
    """
    file = data and data / "PG_VERSION"
    made_with = file.read_text(encoding="utf-8").strip() if file and file.exists() else None
    version = made_with or installed_version(Versions.postgresql) or Versions.postgresql
    directory = INSTALLED / version / "bin"
    if not (directory / "postgres").exists():
        raise StackFault(f"PostgreSQL {version} is missing: apt-get install postgresql-{version}")
    return directory


def installed_version(version_min: str) -> str | None:
    """The lowest installed major version that is `version_min` or newer."""
    versions = [path.parent.parent.name for path in INSTALLED.glob("*/bin/postgres")]
    suitable = [v for v in versions if v.isdecimal() and int(v) >= int(version_min)]
    return min(suitable, key=int, default=None)


def server_user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root; None means ourselves."""
    return "postgres" if os.geteuid() == 0 else None


def make_private(directory: Path) -> None:
    """Make a directory that the server alone may read and write."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _give_to_server(directory)


def _give_to_server(path: Path) -> None:
    if user := server_user():
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _works_in(pid: str, directory: Path) -> bool:
    """Whether process `pid` is alive with `directory` as its working directory."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == directory.resolve()
    except OSError:
        return False
