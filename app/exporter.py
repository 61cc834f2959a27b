"""`python -m app.exporter`: the metrics of all processes of this machine, on a port of their own.

It is a process beside those that serve people, so that no scraper takes their time: however many
ask, the files are read once a second, and with a lower priority.
"""

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

from app.observability.logging import configure_logging
from app.observability.multiprocess import render
from app.settings import read_settings

log = structlog.get_logger()

PATH = "/metrics"
KEPT_S = 1.0  # what was read is shown so long: people look every 5 to 60 s
CLIENT_TIMEOUT_S = 10.0
NICENESS = 5


class Exporter:
    """The WSGI application."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._read_at, self._text = -KEPT_S, b""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a GET of PATH, and nothing else."""
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"GET /metrics\n"]
        text = self._current()
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [text] if environ["REQUEST_METHOD"] == "GET" else []

    def _current(self) -> bytes:
        with self._lock:
            if time.monotonic() - self._read_at >= KEPT_S:
                self._text = render(self._directory)
                self._read_at = time.monotonic()
            return self._text


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each client, none of which keeps the process alive."""

    daemon_threads = True
    request_queue_size = 64


class Handler(WSGIRequestHandler):
    """Gives up on a client that neither sends nor reads, and writes no access log."""

    timeout = CLIENT_TIMEOUT_S

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until told to end."""
    settings = read_settings()
    configure_logging(settings.log_level, process=settings.process_name or "exporter")
    os.nice(NICENESS)
    host, _, port = settings.metrics_bind.rpartition(":")
    exporter = Exporter(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
    with make_server(host, int(port), exporter, Server, Handler) as server:
        log.info("metrics_served", bind=settings.metrics_bind)
        server.serve_forever()


if __name__ == "__main__":
    main()
