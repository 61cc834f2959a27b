"""`celery -A workers.celery_app` logs everything as JSON, also before Celery starts."""

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

from app.bootstrap.tasks import make_house_celery
from app.settings import read_settings
from tests.unit.protocol.test_settings import GOOD

SCRIPT = """
import logging, warnings
import workers.celery_app
warnings.warn("privileges")
logging.getLogger("flower").warning("not found")
"""


BEAT = """
import sys, pathlib
from celery.signals import after_task_publish, beat_init
import workers.celery_app
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
    configured = make_house_celery(read_settings(GOOD)).conf.accept_content
    message = Message(
        body=pickle.dumps(Trap(sprung)),  # type: ignore[arg-type]  # bytes it is, on the wire
        content_type="application/x-python-serialize",
        content_encoding="binary",
        accept=prepare_accept_content(configured),
    )
    with pytest.raises(ContentDisallowed):
        message.decode()
    assert not sprung.exists()


QUEUES = """
import sys
import workers.celery_app
from celery.signals import celeryd_init
queues = sys.argv[1].split(",") if sys.argv[1] else None
celeryd_init.send("worker", options={"queues": queues})
print(*sorted(name for name in workers.celery_app.app.tasks if not name.startswith("celery.")))
"""


def tasks_with(queues: str) -> subprocess.CompletedProcess[str]:
    """Print the tasks that a worker started with `-Q queues` knows."""
    return subprocess.run(
        (sys.executable, "-c", QUEUES, queues),
        env={**os.environ, **GOOD}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("queues", "tasks"),
    [
        ("bids", "settle"),
        ("notices", "publish_notices"),
        ("notices,maintenance", "housekeeping publish_notices send_mails"),
        ("", "housekeeping publish_notices send_mails settle"),
    ],
)
def test_a_worker_knows_the_tasks_of_its_queues(queues: str, tasks: str) -> None:
    assert tasks_with(queues).stdout.strip() == tasks


def test_a_worker_of_an_unknown_queue_does_not_start() -> None:
    done = tasks_with("bids,bidz")
    assert done.returncode == 2
    assert done.stderr == "-Q: no queue is called bidz; there are bids, notices, maintenance\n"
