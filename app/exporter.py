"""`python -m app.exporter`: the metrics of all processes of this machine, on a port of their own.

It is a process beside those that serve people, so that no scraper takes their time: however many
ask, the files are read once a second, and with a lower priority.
"""

import argparse
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

from app.observability.exporting import DIRECTORY_VARIABLE, ExporterError, listen
from app.observability.logging import configure_logging
from app.observability.multiprocess import render
from app.observability.process import start_sampling
from app.observability.series import begin_series
from app.observability.supervision import measure_restarts
from app.settings import Settings, SettingsError, read_settings

log = structlog.get_logger()

PATH = "/metrics"
KEPT_S = 1.0  # how long a read is served: scrapers ask every 5 to 60 s
CLIENT_TIMEOUT_S = 10.0
NICENESS = 10
REFUSED = 2


class Exporter:
    """The WSGI application; each of `measures` is called before each reading."""

    def __init__(self, directory: Path, measures: Sequence[Callable[[], None]] = ()) -> None:
        self._directory, self._measures = directory, measures
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
                for measure in self._measures:
                    measure()
                self._text = render(self._directory)
                self._read_at = time.monotonic()
            return self._text


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each client, none of which keeps the process alive.

    It takes over a socket that listens. With a `parent` it ends with that process.
    """

    daemon_threads = True

    def __init__(self, listening: socket.socket, parent: int | None) -> None:
        super().__init__(listening.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()
        self._parent = parent

    def service_actions(self) -> None:
        """End when the parent has: called twice a second."""
        if self._parent is not None and os.getppid() != self._parent:
            os._exit(0)


class Handler(WSGIRequestHandler):
    """Gives up on a client that neither sends nor reads, and writes no access log."""

    timeout = CLIENT_TIMEOUT_S

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> int:
    """Serve until terminated; return 2 and print one line when that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m app.exporter", description=__doc__)
    parser.add_argument("--http", metavar="HOST:PORT", help="default: METRICS_BIND")
    parser.add_argument("--inherited", metavar="FD", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--parent", metavar="PID", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        settings = read_settings()
        listening = _listening(options, settings)
    except (SettingsError, ExporterError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    name = "metrics" if options.parent else settings.process_name or "metrics"
    _serve(Server(listening, options.parent), settings, name=name)
    return 0


def _listening(options: argparse.Namespace, settings: Settings) -> socket.socket:
    if not os.environ.get(DIRECTORY_VARIABLE):
        raise ExporterError(f"{DIRECTORY_VARIABLE} names no directory")
    if options.inherited is not None:
        return socket.socket(fileno=options.inherited)
    return listen(options.http or settings.metrics_bind)


def _serve(server: Server, settings: Settings, *, name: str) -> None:
    configure_logging(settings.log_level, process=name)
    os.nice(NICENESS)
    begin_series()
    start_sampling(name)
    status_file = settings.stack_status_file
    measures = [partial(measure_restarts, Path(status_file))] if status_file else []
    server.set_app(Exporter(Path(os.environ[DIRECTORY_VARIABLE]), measures))
    log.info("metrics_served", bind=f"{server.server_name}:{server.server_port}")
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
