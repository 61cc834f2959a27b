"""The real servers: for each its data, its configuration, its program and its readiness."""

import shutil
from abc import ABC, abstractmethod

from stack.credentials import Credentials
from stack.faults import StackFault
from stack.places import Places
from stack.ports import host_of, is_listening
from stack.programs import Program
from stack.settings import Settings


class Server(ABC):
    """One server of a profile, on the port of its kind in the settings.

    Several of a kind have numbers from 1: each is at an address, and has data, of its own.
    """

    kind: str

    def __init__(
        self, places: Places, settings: Settings, credentials: Credentials, number: int = 1
    ) -> None:
        self.places, self.settings, self.credentials = places, settings, credentials
        self.number = number
        self.name = self.kind if number == 1 else f"{self.kind}-{number}"
        self.host = host_of(number)
        self.port: int = getattr(settings.ports, self.kind)
        self.data = places.data_dir / self.name

    @abstractmethod
    def program(self) -> Program:
        """Return how the supervisor runs it."""

    def prepare(self) -> None:  # noqa: B027 - some need nothing
        """Make its data directory and write its configuration; may be repeated."""

    def is_ready(self) -> bool:
        """Return whether it serves requests now: here, whether it listens."""
        return is_listening(self.port, self.host)

    def complete(self) -> None:  # noqa: B027 - most need nothing
        """Give it what only a ready server can be given, such as databases; may be repeated."""


def on_path(program: str, *, package: str) -> str:
    """The path of a program; StackFault naming Debian's package when it is missing."""
    path = shutil.which(program)
    if path is None:
        raise StackFault(f"{program} is missing: apt-get install {package}")
    return path
