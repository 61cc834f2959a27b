"""Each process imports only what it runs, so that it starts fast and uses little memory."""

import os
import subprocess
import sys

import pytest

from stack.places import CHECKOUT
from tests.unit.protocol.test_settings import GOOD

WEB = {"flask", "werkzeug", "gevent", "gunicorn", "wsproto", "app.web"}
LOG_IN = {"authlib", "joserfc", "requests", "cryptography.hazmat", "zxcvbn", "disarm"}
PEOPLE = {*LOG_IN, "argon2", "precis_i18n"}
CHAT_STORE = {"pymongo", "bson"}
AUDIT = {"sqlite3", "app.bootstrap.operator", "app.services.auditing.auctions"}
CELERY = {"celery", "kombu"}
OWN = {"app", "bridge", "lanes", "workers"}
SETTLING = {"app.services.settling", "app.domain.decide", "lanes.settle"}
MAILS = {"smtplib", "app.services.mails"}
HOUSEKEEPING = {"app.services.housekeeping", "app.adapters.postgres.archive"}
WORKER = """
import workers.celery_app
from celery.signals import celeryd_init
celeryd_init.send("worker", options={{"queues": ["{}"]}})
"""
# By process, what it imports before it serves, and what it must not.
PROCESSES = {
    "worker of bids": (
        WORKER.format("bids"),
        {*WEB, *PEOPLE, *CHAT_STORE, *AUDIT, *MAILS, *HOUSEKEEPING, "kafka", "bridge"},
    ),
    "worker of notices": (
        WORKER.format("notices"),
        {*WEB, *PEOPLE, *CHAT_STORE, *AUDIT, *MAILS, *HOUSEKEEPING, *SETTLING, "kafka", "bridge"},
    ),
    "worker of maintenance": (
        WORKER.format("maintenance"),
        {*WEB, *PEOPLE, *AUDIT, *SETTLING, "kafka", "bridge"},
    ),
    "beat and Flower": (
        "import workers.celery_app",
        {*WEB, *PEOPLE, *CHAT_STORE, *AUDIT, *MAILS, *HOUSEKEEPING, *SETTLING, "kafka", "bridge"},
    ),
    "bridge": (
        "import bridge.__main__",
        {*WEB, *PEOPLE, *CHAT_STORE, *AUDIT, *MAILS, *HOUSEKEEPING, "lanes.settle", "workers"},
    ),
    "gateway": ("import wsgi", {*AUDIT, *CELERY, "lanes.settle", "workers", "bridge"}),
    "commands of the bridge": (
        "import bridge.operators",
        {*WEB, *PEOPLE, *CHAT_STORE, *MAILS, *HOUSEKEEPING, "workers"},
    ),
    "commands on accounts": (
        "import app.admin",
        {*WEB, *LOG_IN, *CHAT_STORE, *AUDIT, *CELERY, "workers", "bridge"},
    ),
    "exporter": (
        "import app.exporter",
        {*WEB, *PEOPLE, *CHAT_STORE, *AUDIT, *CELERY, "kafka", "redis", "sqlalchemy"},
    ),
    "migrations": (
        "import app.adapters.postgres.archive, app.store_versions",
        {*WEB, *PEOPLE, *CHAT_STORE, *AUDIT, *CELERY, "kafka", "redis"},
    ),
}


def modules_after(code: str) -> set[str]:
    """The names of all modules that a process of the application holds after this."""
    done = subprocess.run(
        (sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"),
        cwd=CHECKOUT,
        env={**os.environ, **GOOD},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_imports_nothing_that_it_does_not_run(process: str) -> None:
    code, foreign = PROCESSES[process]
    imported = modules_after(code)
    own = {name for name in imported if name.partition(".")[0] in OWN}
    print(f"{process}: {len(imported)} modules, {len(own)} of them ours")  # shown by pytest -rP
    assert imported & foreign == set()
