"""Mailpit: takes every mail that the local stack sends, delivers none, and shows them."""

from dataclasses import dataclass

from stack.builds import MAILPIT, go_executable
from stack.places import Places
from stack.ports import HOST, is_listening
from stack.programs import Program
from stack.settings import Settings

MAILS_MAX = 500  # the oldest are deleted: mails of a stack are read within minutes


@dataclass(frozen=True, slots=True)
class Mailpit:
    """The mail server on the port `smtp` of stack.toml, and its page on `mailpit`."""

    places: Places
    settings: Settings
    name: str = "mailpit"

    def prepare(self) -> None:
        """Nothing: it makes its own file."""

    def program(self) -> Program:
        """How the supervisor runs it."""
        ports = self.settings.ports
        environment = {
            "MP_SMTP_BIND_ADDR": f"{HOST}:{ports.smtp}",
            "MP_UI_BIND_ADDR": f"{HOST}:{ports.mailpit}",
            "MP_DATABASE": str(self.places.data_dir / "mailpit.db"),
            "MP_MAX_MESSAGES": str(MAILS_MAX),
            "MP_DISABLE_VERSION_CHECK": "true",
            "MP_BLOCK_REMOTE_CSS_AND_FONTS": "true",
            "MP_QUIET": "true",
        }
        executable = go_executable(MAILPIT, self.settings.versions.mailpit)
        return Program(
            name=self.name, command=(str(executable),), environment=environment, priority=50
        )

    def is_ready(self) -> bool:
        """Whether it takes mails and shows them now."""
        ports = self.settings.ports
        return is_listening(ports.smtp) and is_listening(ports.mailpit)

    def complete(self) -> None:
        """Nothing: it needs no data."""
