"""The real servers: for each its data, its configuration, its program and its readiness."""

from typing import Protocol

from stack.programs import Program


class Server(Protocol):
    """One server of a profile, started after those before it in the list."""

    @property
    def name(self) -> str:
        """The name of its process."""

    def prepare(self) -> None:
        """Make its data directory and write its configuration; again and again without harm."""

    def program(self) -> Program:
        """How the supervisor runs it."""

    def is_ready(self) -> bool:
        """Whether it serves requests now."""

    def complete(self) -> None:
        """What only a ready server can be given, such as its databases; may be repeated."""
