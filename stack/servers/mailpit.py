"""Mailpit: takes every mail that the local stack sends, delivers none, and shows them."""

from stack.builds import go_program
from stack.ports import HOST, is_listening
from stack.programs import Program
from stack.servers import Server

MAILS_MAX = 500  # the oldest are deleted: mails of a stack are read within minutes


class Mailpit(Server):
    """The mail server on the port `smtp` of the settings, and its page on `mailpit`."""

    kind = "mailpit"

    def program(self) -> Program:
        """Return how the supervisor runs it."""
        environment = {
            "MP_SMTP_BIND_ADDR": f"{HOST}:{self.settings.ports.smtp}",
            "MP_UI_BIND_ADDR": f"{HOST}:{self.port}",
            "MP_DATABASE": str(self.places.data_dir / "mailpit.db"),
            "MP_MAX_MESSAGES": str(MAILS_MAX),
            "MP_DISABLE_VERSION_CHECK": "true",
            "MP_BLOCK_REMOTE_CSS_AND_FONTS": "true",
            "MP_QUIET": "true",
        }
        return Program(self.name, (str(go_program("mailpit").path()),), environment, priority=50)

    def is_ready(self) -> bool:
        """Return whether it takes mails and shows them now."""
        return is_listening(self.settings.ports.smtp) and super().is_ready()
