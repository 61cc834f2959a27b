"""What `celery -A workers.celery_app` runs says everything as JSON, before Celery has begun."""

import json
import os
import subprocess
import sys

from tests.unit.protocol.test_settings import GOOD

SCRIPT = """
import logging, warnings
import workers.celery_app
warnings.warn("privileges")
logging.getLogger("flower").warning("not found")
"""


def test_commands_of_celery_speak_json_from_the_start() -> None:
    environment = {**os.environ, **GOOD, "PROCESS_NAME": "flower"}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    assert ["privileges" in line["event"] for line in lines] == [True, False]
    assert {line["process"] for line in lines} == {"flower"}
