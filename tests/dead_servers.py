"""Addresses of servers that are dead, in each of the ways in which a client meets that."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.free_ports import free_port


@contextmanager
def listening(greet: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does `greet` with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    greet(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def closing_at_once() -> Iterator[int]:
    """Accept connections and close them at once, as a proxy of a dead server does."""
    with listening(lambda connection: connection.close()) as port:
        yield port


@contextmanager
def silent() -> Iterator[int]:
    """As a machine is that hangs."""
    held: list[socket.socket] = []
    with listening(held.append) as port:
        yield port
    for connection in held:
        connection.close()


@contextmanager
def refusing() -> Iterator[int]:
    """As a machine is on which the server is dead."""
    yield free_port()
