"""Scrapers during a storm read everything, or the storm reports that they did not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stack.bench.scraping import scraped
from stack.faults import StackFault


class Answering(BaseHTTPRequestHandler):
    """Serves a few metrics, and 404 elsewhere."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(b"things 1\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_scraper_reads_every_address(address: str) -> None:
    with scraped([f"{address}/metrics", f"{address}/metrics"], 5) as scrapes:
        pass
    assert (scrapes.answers, scrapes.bytes_min) == (10, len(b"things 1\n"))


def test_scrapers_that_are_not_answered_are_a_fault(address: str) -> None:
    with (
        pytest.raises(StackFault, match="a scrape was not answered: HTTP Error 404"),
        scraped([f"{address}/elsewhere"], 1),
    ):
        pass
