"""The metrics server: one address, read once a second for any number of scrapers."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app import exporter
from app.exporter import Exporter
from stack.ports import HOST, is_free
from tests.free_ports import free_port
from tests.unit.protocol.test_settings import GOOD
from tests.waiting import wait_until


@pytest.fixture
def merged_dirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """How often the files were read."""
    found: list[Path] = []

    def render(directory: Path) -> bytes:
        found.append(directory)
        return b"things 1\n"

    monkeypatch.setattr(exporter, "render", render)
    return found


def get(application: Exporter, path: str = "/metrics", method: str = "GET") -> tuple[str, bytes]:
    statuses: list[str] = []

    def start_response(status: str, *_: object) -> None:
        statuses.append(status)

    environ = {"PATH_INFO": path, "REQUEST_METHOD": method}
    body = b"".join(application(environ, start_response))  # type: ignore[arg-type]
    return statuses[0], body


def test_concurrent_scrapers_share_one_read(tmp_path: Path, merged_dirs: list[Path]) -> None:
    application = Exporter(tmp_path)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: get(application), range(50)))
    assert set(answers) == {("200 OK", b"things 1\n")}
    assert len(merged_dirs) == 1


def test_other_paths_are_not_found(tmp_path: Path, merged_dirs: list[Path]) -> None:
    application = Exporter(tmp_path)
    for path, method in (("/", "GET"), ("/metrics/", "GET"), ("/metrics", "POST")):
        assert get(application, path, method)[0] == "404 Not Found"
    assert get(application, method="HEAD") == ("200 OK", b"")
    assert len(merged_dirs) == 1


SHORT_PROCESS = """
import os, sys
from app.observability.exporting import start_exporter
start_exporter(sys.argv[1])
os._exit(0)
"""


def test_an_exporter_ends_though_its_process_ended_before_it_began(tmp_path: Path) -> None:
    port = free_port()
    subprocess.run(
        (sys.executable, "-c", SHORT_PROCESS, f"{HOST}:{port}"),
        env={**os.environ, **GOOD, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        check=True,
    )
    wait_until(lambda: is_free(port), what="the exporter has ended")
