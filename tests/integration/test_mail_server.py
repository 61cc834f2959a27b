"""What a mail server answers decides whether a mail is tried again, over real connections."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from app.adapters.smtp.server import SmtpServer
from app.protocol.mails import Mail
from app.services.mails import MailRefusedError, MailServerError
from app.settings import read_settings
from tests.servers import own_stack

MAIL = Mail("mina@example.org", "en", "subject", "text\n", "<p>text</p>")
USUAL = {"": "220 hello", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 ok"}


@contextmanager
def mail_server(replies: dict[str, str]) -> Iterator[str]:
    """The URL of a server that gives these replies by command; "" is its greeting, and a reply
    that is empty ends the connection."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            is_data, command = False, ""
            while reply := replies.get(command, "250 ok"):
                if not is_data or command == ".":
                    self.wfile.write(f"{reply}\r\n".encode())
                    is_data = reply.startswith("354")
                line = self.rfile.readline().decode()
                if not line:
                    return
                command = line.strip() if is_data else line[:4].strip().upper()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def send(**replies: str) -> None:
    with mail_server({**USUAL, **replies}) as url:
        SmtpServer(read_settings({**own_stack().environment(), "SMTP_URL": url})).send(MAIL)


@pytest.mark.parametrize("farewell", ["221 bye", "421 busy", ""])
def test_an_accepted_mail_is_sent_even_if_quit_fails(farewell: str) -> None:
    send(QUIT=farewell)


@pytest.mark.parametrize(
    ("command", "reply"), [("RCPT", "550 no such address"), ("DATA", "554 no"), (".", "552 large")]
)
def test_a_permanently_refused_mail_is_not_retried(command: str, reply: str) -> None:
    with pytest.raises(MailRefusedError) as refused:
        send(**{command: reply})
    assert reply[:3] in str(refused.value)
    assert MAIL.to not in str(refused.value)


@pytest.mark.parametrize(
    ("command", "reply"),
    [("", "421 busy"), ("", ""), ("MAIL", "550 you may not send"), ("RCPT", "451 grey list"),
     ("DATA", "421 going"), (".", "451 disk full"), (".", "")],
)  # fmt: skip
def test_a_temporarily_refused_mail_is_retried(command: str, reply: str) -> None:
    with pytest.raises(MailServerError) as deferred:
        send(**{command: reply})
    assert MAIL.to not in str(deferred.value)
