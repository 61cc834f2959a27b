"""Whether the log answers, as `/readyz` asks: a frozen broker goes on taking connections."""

import socket
import ssl

from kafka.protocol.metadata import ApiVersionsRequest

from app.settings import Settings
from app.store_security import kafka_tls

LENGTH_BYTES = 4  # before each answer


def ask_brokers(settings: Settings, *, timeout_s: float) -> None:
    """Return once one of the brokers has answered which requests it knows, as it does to anybody.

    Raise OSError, TimeoutError among them, when none does within its part of `timeout_s`.
    """
    request = ApiVersionsRequest(version=0)
    request.with_header(correlation_id=0, client_id="readiness")
    question = request.encode(header=True, framed=True)
    addresses = settings.kafka_bootstrap_servers.split(",")
    tls = kafka_tls(settings)
    errors = []
    for address in addresses:
        try:
            return _ask(address, question, tls, timeout_s / len(addresses))
        except OSError as error:
            errors.append(error)
    raise errors[-1]


def _ask(address: str, question: bytes, tls: ssl.SSLContext | None, timeout_s: float) -> None:
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=timeout_s) as plain,
        tls.wrap_socket(plain, server_hostname=host) if tls else plain as connection,
    ):
        connection.sendall(question)
        if not connection.recv(LENGTH_BYTES):
            raise ConnectionError("closed instead of answering")
