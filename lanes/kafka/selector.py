"""The selector of Kafka's clients: the standard library's, or gevent's where that is patched in."""

import selectors
from typing import Any


class ClientSelector(selectors.DefaultSelector):
    """Reports cheaply that a socket is not registered.

    The clients ask before every wait, and mostly it is not. The standard library then writes the
    socket into the error's text, twice: four system calls, nine of ten microseconds.
    """

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - whatever has a number
        """Return the key of a registered file or socket. Raise KeyError when it is none."""
        keys: dict[int, selectors.SelectorKey] = self._fd_to_key  # type: ignore[attr-defined]
        return keys[self._fileobj_lookup(fileobj)]  # type: ignore[attr-defined]
