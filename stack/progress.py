"""What a person sees while the stack works: one line for each step, with its seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Step = Callable[[str], AbstractContextManager[None]]


@contextmanager
def shown(what: str) -> Iterator[None]:
    """A step whose line is printed when it is done."""
    begun = time.monotonic()
    yield
    print(f"  {what:<58} {time.monotonic() - begun:6.1f} s", flush=True)


@contextmanager
def silent(what: str) -> Iterator[None]:
    """A step that nobody watches."""
    del what
    yield
