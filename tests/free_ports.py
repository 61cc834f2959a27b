"""Ports of loopback for servers that a test starts."""

import random
import socket

HOST = "127.0.0.1"
# Below those that the system gives to whoever asks for any (Linux: 32,768 and up): between the
# choice of a port and the start of its server, another test's client or server could be given it.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """A port that nothing has, and that is given to nobody else who asks for any."""
    while True:
        port = random.randint(FIRST, LAST)
        try:
            socket.create_server((HOST, port)).close()
        except OSError:
            continue
        return port
