"""`celery -A workers.other`, as `workers.bids`, logs JSON from the start, before Celery does so."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.message import Message
from kombu.serialization import prepare_accept_content

from app.bootstrap.bids import BidsContainer
from app.settings import read_settings
from tests.unit.protocol.test_settings import GOOD

SCRIPT = """
import logging, warnings
import workers.other
warnings.warn("privileges")
logging.getLogger("flower").warning("not found")
"""


BEAT = """
import sys, pathlib
from celery.signals import after_task_publish, beat_init
import workers.other
alive = pathlib.Path(sys.argv[1])
after_task_publish.send(sender="before beat")
assert not alive.exists()
beat_init.send(sender="beat")
after_task_publish.send(sender="a task")
assert alive.exists()
"""


def test_beat_shows_by_a_file_that_it_sends_tasks(tmp_path: Path) -> None:
    alive = tmp_path / "beat-alive"
    environment = {**os.environ, **GOOD, "BEAT_ALIVE_FILE": str(alive)}
    result = subprocess.run(
        [sys.executable, "-c", BEAT, str(alive)], env=environment, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_commands_of_celery_speak_json_from_the_start() -> None:
    environment = {**os.environ, **GOOD, "PROCESS_NAME": "flower"}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert ["privileges" in line["event"] for line in lines] == [True, False]
    assert {line["process"] for line in lines} == {"flower"}


class Trap:
    """An object that writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self._file,)


def test_a_pickled_message_is_refused_and_not_unpickled(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    configured = BidsContainer(read_settings(GOOD), application="tests").celery.conf.accept_content
    message = Message(
        body=pickle.dumps(Trap(sprung)),  # type: ignore[arg-type]  # bytes it is, on the wire
        content_type="application/x-python-serialize",
        content_encoding="binary",
        accept=prepare_accept_content(configured),
    )
    with pytest.raises(ContentDisallowed):
        message.decode()
    assert not sprung.exists()
