"""Answers to requests that never reach the application: problem documents, as all others are."""

from http import HTTPStatus

from gevent import socket

from app.observability.metrics import REFUSED_REQUESTS
from app.protocol.problems import STATUS_OF_CODE
from app.web.headers import HEADERS
from app.web.problem import MEDIA_TYPE, RATE_RETRY_S, encode_problem
from app.web.server.reading import drain

BUSY_RETRY_S = 2
# For a client that is still sending: a reset would take the answer from it.
DRAIN_S = 2.0
DRAIN_BYTES_MAX = 1024 * 1024
SEND_TIMEOUT_S = 2.0


def refuse(sock: socket.socket, code: str, detail: str, *, target: str) -> None:
    """Answer with the problem `code` and end the connection. Raise OSError when it is gone."""
    REFUSED_REQUESTS.labels(code).inc()
    sock.settimeout(SEND_TIMEOUT_S)
    sock.sendall(_answer(code, detail, target))
    sock.shutdown(socket.SHUT_WR)
    drain(sock, seconds=DRAIN_S, bytes_max=DRAIN_BYTES_MAX)


def _answer(code: str, detail: str, target: str) -> bytes:
    status = STATUS_OF_CODE[code]
    body = encode_problem(code, detail, instance=target)
    headers = {
        "Connection": "close",
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        **_retry_after(code),
        **HEADERS,
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _retry_after(code: str) -> dict[str, str]:
    seconds = {"RATE_LIMITED": RATE_RETRY_S, "BUSY": BUSY_RETRY_S}.get(code)
    return {} if seconds is None else {"Retry-After": str(seconds)}
