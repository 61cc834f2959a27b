"""Ports of loopback for servers that a test starts."""

import random

from stack.ports import is_free

# Below those that the system gives to whoever asks for any (Linux: 32,768 and up): between the
# choice of a port and the start of its server, another test's client or server could be given it.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """A port that nothing has, and that is given to nobody else who asks for any."""
    while not is_free(port := random.randint(FIRST, LAST)):
        pass
    return port
