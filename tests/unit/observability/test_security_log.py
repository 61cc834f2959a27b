"""The security stream: where its settings say, one line an event, and none for a flood."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.observability.security_log import SUSPICIOUS, SecurityEvent
from stack.places import CHECKOUT

SCRIPT = """
import sys
from app.observability.logging import configure_logging
from app.observability.security_log import (
    SecurityEvent, log_security, log_security_seldom, open_security_log)
from app.settings import SettingsError, read_settings
from tests.unit.protocol.test_settings import GOOD

configure_logging("CRITICAL", process="gateway-1")
to, level = sys.argv[1:]
settings = read_settings({**GOOD, "SECURITY_LOG_TO": to, "SECURITY_LOG_LEVEL": level})
log_security(SecurityEvent.LOGGED_IN, user_id=1)
try:
    open_security_log(settings, process="gateway-1")
except SettingsError as error:
    sys.exit(str(error))
log_security(SecurityEvent.LOGGED_IN, user_id=2)
for _ in range(1_000):
    log_security_seldom(SecurityEvent.ORIGIN_REFUSED, address="192.0.2.1")
log_security_seldom(SecurityEvent.ORIGIN_REFUSED, address="192.0.2.2")
"""


def run_with(destination: str, level: str = "INFO") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, destination, level],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_security_lines_have_their_stream_at_any_log_level() -> None:
    found = events(run_with("stderr").stderr)
    assert {(line["stream"], line["process"]) for line in found} == {("security", "gateway-1")}
    assert [(line["event"], line["level"]) for line in found] == [
        ("logged_in", "info"), ("origin_refused", "warning"), ("origin_refused", "warning"),
    ]  # fmt: skip
    assert (found[0]["user_id"], found[2]["address"]) == (2, "192.0.2.2")


def test_a_file_of_its_own_is_appended_to_and_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "security.log"
    assert [run_with(str(file), "WARNING").stderr for _ in range(2)] == ["", ""]
    assert [line["event"] for line in events(file.read_text())] == ["origin_refused"] * 4
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_written_is_a_wrong_setting(tmp_path: Path) -> None:
    complaint = run_with(str(tmp_path)).stderr
    assert complaint == "settings are wrong: SECURITY_LOG_TO: Is a directory\n"


def test_the_page_for_operators_lists_every_event_with_its_level() -> None:
    page = (CHECKOUT / "docs" / "operations.md").read_text()
    for event in SecurityEvent:
        level = "warning" if event in SUSPICIOUS else "info"
        assert f"| `{event}` | {level} |" in page
