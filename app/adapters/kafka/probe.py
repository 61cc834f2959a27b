"""Whether the log answers, as `/readyz` asks: a frozen broker goes on taking connections."""

import socket

from kafka.protocol.metadata import ApiVersionsRequest

LENGTH_BYTES = 4  # before each answer


def ask_brokers(servers: str, *, timeout_s: float) -> None:
    """Return once one of `servers` has answered which requests it knows.

    Raise OSError, TimeoutError among them, when none does within its part of `timeout_s`.
    """
    request = ApiVersionsRequest(version=0)
    request.with_header(correlation_id=0, client_id="readiness")
    question = request.encode(header=True, framed=True)
    addresses = servers.split(",")
    errors = []
    for address in addresses:
        try:
            return _ask(address, question, timeout_s / len(addresses))
        except OSError as error:
            errors.append(error)
    raise errors[-1]


def _ask(address: str, question: bytes, timeout_s: float) -> None:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=timeout_s) as connection:
        connection.sendall(question)
        if not connection.recv(LENGTH_BYTES):
            raise ConnectionError("closed instead of answering")
