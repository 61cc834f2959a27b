"""Redis 7: append-only file synced every second, nothing evicted, loopback only."""

import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from stack.faults import StackFault
from stack.places import Places
from stack.ports import CONNECT_TIMEOUT_S, HOST
from stack.programs import Program
from stack.settings import Settings

# Snapshots alone lose everything since the last one on SIGKILL; the append-only file loses at
# most a second of a power cut. Nothing is evicted: Celery's queues and sessions live here.
CONFIGURATION = """\
# Written at every start by stack/servers/redis.py.
bind {host}
port {port}
protected-mode yes
daemonize no
set-proc-title no
dir {directory}
appendonly yes
appendfsync everysec
save ""
maxmemory {memory_mb}mb
maxmemory-policy noeviction
databases 16
tcp-backlog 128
"""


@dataclass(frozen=True, slots=True)
class Redis:
    """The server at `data`; database 0 is the application's, 1 to 3 see stack.environment."""

    places: Places
    settings: Settings
    name: str = "redis"

    @property
    def data(self) -> Path:
        """Where the append-only file is."""
        return self.places.data_dir / "redis"

    def prepare(self) -> None:
        """Make its data directory and write its configuration."""
        self.data.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(
            host=HOST,
            port=self.settings.ports.redis,
            directory=f'"{self.data}"',
            memory_mb=self.settings.sizes.redis_memory_mb,
        )
        self._configuration_file.write_text(text, encoding="utf-8")

    def program(self) -> Program:
        """How the supervisor runs it."""
        executable = shutil.which("redis-server")
        if executable is None:
            raise StackFault("redis-server is missing: apt-get install redis-server")
        command = (executable, str(self._configuration_file))
        return Program(name=self.name, command=command, priority=20)

    def is_ready(self) -> bool:
        """Whether it serves requests now."""
        address = (HOST, self.settings.ports.redis)
        try:
            with socket.create_connection(address, timeout=CONNECT_TIMEOUT_S) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")  # while it loads: -LOADING
        except OSError:
            return False

    def complete(self) -> None:
        """Nothing: a Redis database needs no creation."""

    @property
    def _configuration_file(self) -> Path:
        return self.places.run_dir / "redis.conf"
