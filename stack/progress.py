"""What a person sees while the stack works: one line for each step, with its seconds.

A step that takes long is announced by a line of its own: several may be under way at once.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

ANNOUNCED_AFTER_S = 2.0

Step = Callable[[str], AbstractContextManager[None]]


@contextmanager
def shown(what: str) -> Iterator[None]:
    """A step whose line is printed when it is done; nothing when it fails."""
    begun = time.monotonic()
    announcement = threading.Timer(ANNOUNCED_AFTER_S, print, (f"  {what} …",), {"flush": True})
    announcement.daemon = True
    announcement.start()
    try:
        yield
    finally:
        announcement.cancel()
    print(f"  {what:<58} {time.monotonic() - begun:6.1f} s", flush=True)


@contextmanager
def silent(what: str) -> Iterator[None]:
    """A step that nobody watches."""
    del what
    yield
