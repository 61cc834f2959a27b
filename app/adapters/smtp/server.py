"""The port `MailServer` by SMTP: a connection for each mail, with a limit on every wait."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

from app.protocol.mails import Mail
from app.services.mails import MailRefusedError, MailServerError
from app.settings import Settings
from app.store_security import NO_MAIL

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
PERMANENT_FROM = 500  # RFC 5321, 4.2.1: codes from here on are final


class SmtpServer:
    """The server at `SMTP_URL`; where the setting names none, none answers."""

    def __init__(self, settings: Settings) -> None:
        self._url, self._from = settings.smtp_url, settings.mail_from
        self._timeout_s = settings.limits.smtp_timeout_s

    def send(self, mail: Mail) -> None:
        """Hand the mail over. Raises MailRefusedError or MailServerError."""
        try:
            message = _message(mail, self._from)
        except ValueError as error:
            raise MailRefusedError(type(error).__name__) from error
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if min(codes) >= PERMANENT_FROM:
                raise MailRefusedError(f"recipient refused: {codes}") from error
            raise MailServerError(f"recipient not taken now: {codes}") from error
        except smtplib.SMTPNotSupportedError as error:  # an address that is not ASCII
            raise MailRefusedError(type(error).__name__) from error
        except smtplib.SMTPDataError as error:
            # The text of an answer may quote the address.
            if error.smtp_code >= PERMANENT_FROM:
                raise MailRefusedError(f"mail refused: {error.smtp_code}") from error
            raise MailServerError(f"mail not taken now: {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerError(type(error).__name__) from error

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        if self._url in ("", NO_MAIL):
            raise MailServerError("there is no mail server: SMTP_URL")
        url = urlsplit(self._url)
        host, port = url.hostname or "", url.port or PORTS[url.scheme]
        server = self._open(url.scheme, host, port)
        try:
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
            yield server
            # The server has accepted the mail: after any later answer it must not be sent again.
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _open(self, scheme: str, host: str, port: int) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=self._timeout_s, context=context)
        server = smtplib.SMTP(host, port, timeout=self._timeout_s)
        if scheme == "smtp+starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


def _message(mail: Mail, sender: str) -> EmailMessage:
    """Raises ValueError for an address that could be no header."""
    name, address = parseaddr(sender)
    message = EmailMessage()
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic reply is sent
    message["Content-Language"] = mail.language
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message
