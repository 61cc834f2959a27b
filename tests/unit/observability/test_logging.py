"""Every line is JSON and names its process, and no library floods."""

import json
import logging
import subprocess
import sys

from app.observability.logging import Seldom

SCRIPT = """
import logging, warnings, structlog
from app.observability.logging import configure_logging
configure_logging("INFO", process="worker-bids-1")
structlog.get_logger().info("settled", records=3)
for _ in range(1_000):
    logging.getLogger("kafka.net.manager").warning("Bootstrap %s not ready", "bootstrap-0")
    logging.getLogger("opentelemetry.exporter.otlp").error("Failed to export %s batch", "spans")
logging.getLogger("kafka.net.manager").info("hushed")
logging.getLogger("gunicorn.error").info("Booting worker with pid: %s", 7)
structlog.get_logger().info("asked", path='/a\\n{"event": "logged_in"}\\r\\x1b[31m')
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("anything").exception("odd")
"""


def test_all_log_lines_are_json_and_name_the_process() -> None:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert {line["process"] for line in lines} == {"worker-bids-1"}
    assert [line["event"] for line in lines] == [
        "settled",
        "Bootstrap bootstrap-0 not ready",
        "Failed to export spans batch",
        "Booting worker with pid: 7",
        "asked",
        "odd",
    ]
    assert "ZeroDivisionError" in lines[-1]["exception"]
    # However many line ends a client sends, it writes no line of its own.
    assert lines[-2]["path"] == '/a\n{"event": "logged_in"}\r\x1b[31m'


def test_repeated_lines_of_a_call_site_are_suppressed() -> None:
    seldom = Seldom()

    def passes(line: int) -> bool:
        return seldom.filter(logging.LogRecord("kafka", 30, "net.py", line, "m", None, None))

    assert [passes(1), passes(1), passes(2), passes(1)] == [True, False, True, False]
    again = logging.LogRecord("kafka", 30, "net.py", 1, "m", None, None)
    seldom._call_sites["net.py", 1] = (-1e9, 2)
    assert seldom.filter(again)
    assert vars(again)["held_back"] == 2
