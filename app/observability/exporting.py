"""`--http HOST:PORT` of bridge and workers: their metrics, served by a separate process.

So a scrape takes no time from the work. All processes that share PROMETHEUS_MULTIPROC_DIR are
shown: one that has `--http` serves the metrics of its whole machine or container.
"""

import os
import socket
import subprocess
import sys
import time

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# An exporter whose process was killed ends within a second, and then leaves its port.
BIND_WAIT_S, BIND_PAUSE_S = 3.0, 0.1
LISTEN_QUEUE = 64


class ExporterError(ValueError):
    """The metrics cannot be served there; the message says why in one line."""


def start_exporter(bind: str) -> None:
    """Serve the metrics at `bind` until this process ends. Raises ExporterError."""
    if not os.environ.get(DIRECTORY_VARIABLE):
        raise ExporterError(f"--http needs {DIRECTORY_VARIABLE}, the directory metrics are in")
    with listen(bind) as server:
        subprocess.Popen(
            (
                sys.executable, "-m", "app.exporter",
                "--inherited", str(server.fileno()), "--parent", str(os.getpid()),
            ),
            pass_fds=[server.fileno()],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip


def listen(bind: str) -> socket.socket:
    """A socket that listens at HOST:PORT. Raises ExporterError."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        raise ExporterError(f"{bind} is not HOST:PORT")
    ends_at = time.monotonic() + BIND_WAIT_S
    while True:
        try:
            return socket.create_server((host, int(port)), backlog=LISTEN_QUEUE)
        except (OSError, OverflowError) as error:
            if time.monotonic() > ends_at or not isinstance(error, OSError):
                raise ExporterError(f"metrics cannot be served at {bind}: {error}") from error
            time.sleep(BIND_PAUSE_S)
