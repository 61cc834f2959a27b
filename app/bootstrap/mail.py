"""The services of processes that request mails, or send them."""

from functools import cached_property

from app.adapters.postgres.mail_tokens import PostgresMails
from app.adapters.smtp.server import SmtpServer
from app.bootstrap.clock import utc_now
from app.bootstrap.container import Container
from app.services.mails import Mails


class MailContainer(Container):
    """Services with mails."""

    @cached_property
    def mail_tokens(self) -> PostgresMails:
        """Mails that are due, and their tokens."""
        return PostgresMails(self.engine, limits=self.settings.limits)

    @cached_property
    def mails(self) -> Mails:
        """Requesting mails, and sending them."""
        server = SmtpServer(self.settings)
        return Mails(self.mail_tokens, server, settings=self.settings, clock=utc_now)
