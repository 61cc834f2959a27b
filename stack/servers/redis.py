"""Redis 7: append-only file synced every second, nothing evicted, loopback only, with passwords.

Three servers in production, each with one user; here one server, whose users keep apart what the
three would: nobody reads sessions as the broker, or speaks to browsers as Celery.
"""

import hashlib
import socket

from stack.files import write_private
from stack.ports import CONNECT_TIMEOUT_S, HOST
from stack.programs import Program
from stack.servers import Server, on_path

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
# Nobody is let in as the default user; but as that one Redis reads its own file again, and would
# leave out the transactions in it that this user may not do.
user default off ~* &* +@all
{users}
"""
OPERATOR = "operator"  # of the stack itself, of tools and of tests
NOT_OF_OPERATORS = "+@all -@admin -@dangerous"
# What each user may: keys (`~`) and channels (`&`) as app/protocol/channels.py, Celery, kombu and
# limits name them, and commands. Who subscribes to a pattern, as Celery does, must have the very
# same one. `readyz` is what a gateway writes to see whether it can.
RIGHTS = {
    OPERATOR: "~* &* +@all",
    "broker": "~bids* ~notices* ~maintenance* ~unacked* ~_kombu.* ~*.pidbox* ~celeryev* "
    f"&/1.celery.pidbox &/1.celeryev/* {NOT_OF_OPERATORS}",
    "fanout": "~wake:* ~room:* ~chat:* ~presence:* ~sockets:* ~readyz &auction:* "
    "&auctions &room:* &user:* &notice:* &chat-event &session &eviction &backlog &rights "
    f"{NOT_OF_OPERATORS}",
    "auth": f"~session:* ~refresh:* ~LIMITS:* ~rate:* ~login:* ~readyz {NOT_OF_OPERATORS}",
}


class Redis(Server):
    """The server at `data`; database 0 is the application's, 1 to 3 see stack.environment."""

    kind = "redis"

    def prepare(self) -> None:
        """Make its data directory and write its configuration."""
        self.data.mkdir(parents=True, exist_ok=True)
        password = self.credentials.redis_password
        hashes = {user: hashlib.sha256(password(user).encode()).hexdigest() for user in RIGHTS}
        text = CONFIGURATION.format(
            host=HOST,
            port=self.port,
            directory=f'"{self.data}"',
            memory_mb=self.settings.sizes.redis_memory_mb,
            users="\n".join(f"user {user} on #{hashes[user]} {RIGHTS[user]}" for user in RIGHTS),
        )
        write_private(self.places.run_dir / "redis.conf", text)

    def program(self) -> Program:
        """Return how the supervisor runs it."""
        server = on_path("redis-server", package="redis-server")
        return Program(self.name, (server, str(self.places.run_dir / "redis.conf")), priority=20)

    def is_ready(self) -> bool:
        """Return whether it serves requests now."""
        try:
            with socket.create_connection((HOST, self.port), CONNECT_TIMEOUT_S) as connection:
                password = self.credentials.redis_password(OPERATOR)
                connection.sendall(f"AUTH {OPERATOR} {password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:  # to PING while it loads: -LOADING
                    return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False
