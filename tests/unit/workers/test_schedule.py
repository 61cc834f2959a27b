"""The periodic tasks of beat."""

from celery import Celery

from app.protocol.tasks import PUBLISH_NOTICES_TASK
from app.services.housekeeping import HOUSEKEEPING_TASK
from app.services.mails import SEND_MAILS_TASK
from app.settings import read_settings
from tests.containers import build_container
from tests.unit.protocol.test_settings import GOOD
from workers.tasks.housekeeping import register_housekeeping
from workers.tasks.mails import register_send_mails
from workers.tasks.notices import register_publish_notices


def test_beat_schedules_notices_mails_and_housekeeping() -> None:
    container = build_container(
        read_settings({**GOOD, "HOUSEKEEPING_S": "7"}), application="worker"
    )
    app = Celery("worker")
    register_publish_notices(app, container)
    register_housekeeping(app, container)
    register_send_mails(app, container)
    schedule = app.conf.beat_schedule
    assert {entry["task"] for entry in schedule.values()} == {
        PUBLISH_NOTICES_TASK,
        HOUSEKEEPING_TASK,
        SEND_MAILS_TASK,
    }
    assert schedule[HOUSEKEEPING_TASK]["schedule"] == 7
    assert schedule[HOUSEKEEPING_TASK]["options"] == {"expires": 7}
