"""Whether a loopback port is free, and who holds it when it is not."""

import errno
import socket
from collections.abc import Mapping
from pathlib import Path

from stack.faults import StackFault

HOST = "127.0.0.1"
CONNECT_TIMEOUT_S = 1.0
LISTEN = "0A"  # the state's number in /proc/net/tcp


def host_of(number: int) -> str:
    """Where the servers of this number listen, from 1: each as on a machine of its own."""
    return f"127.0.0.{number}"


def check_free(ports: Mapping[str, int]) -> None:
    """Raise StackFault for the first port of {purpose: port} that somebody else listens on."""
    for purpose, port in ports.items():
        if not is_free(port):
            holder = holder_of(port)
            raise StackFault(
                f"port {port} ({purpose}) is in use by {holder}: stop it, "
                "or move ours with STACK_PORT_OFFSET=1000"
            )


def is_free(port: int) -> bool:
    """Whether we could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def is_listening(port: int, host: str = HOST) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def listeners_on(port: int) -> int:
    """Return how many sockets listen on the port: processes may share it (SO_REUSEPORT)."""
    return len(_listening(port))


def holder_of(port: int) -> str:
    """`pid 7 (redis-server)`, or `another program` where the system does not tell us."""
    inodes = _listening(port)
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _socket_inodes(process):
            return f"pid {process.name} ({_command_of(process)})"
    return "another program"


def _listening(port: int) -> set[str]:
    tables = [Path(table) for table in ("/proc/net/tcp", "/proc/net/tcp6")]
    texts = [table.read_text(encoding="ascii") for table in tables if table.exists()]
    return set[str]().union(*(listening_inodes(text, port) for text in texts))


def listening_inodes(table: str, port: int) -> set[str]:
    """The sockets that listen on `port`, from the text of /proc/net/tcp."""
    inodes = set()
    for line in table.splitlines()[1:]:
        columns = line.split()
        address, state, inode = columns[1], columns[3], columns[9]
        if state == LISTEN and int(address.rsplit(":", 1)[1], 16) == port:
            inodes.add(inode)
    return inodes


def _socket_inodes(process: Path) -> set[str]:
    try:
        targets = [str(link.readlink()) for link in (process / "fd").iterdir()]
    except OSError:  # not ours to see, or just ended
        return set()
    return {target[8:-1] for target in targets if target.startswith("socket:[")}


def _command_of(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "just ended"
