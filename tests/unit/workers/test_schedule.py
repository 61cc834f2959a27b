"""The periodic tasks of beat."""

from app.protocol.tasks import HOUSEKEEPING_TASK, PUBLISH_NOTICES_TASK, SEND_MAILS_TASK
from app.settings import read_settings
from tests.unit.protocol.test_settings import GOOD
from workers.schedule import beat_schedule


def test_beat_schedules_notices_mails_and_housekeeping() -> None:
    schedule = beat_schedule(read_settings({**GOOD, "HOUSEKEEPING_S": "7"}).limits)
    assert {entry["task"] for entry in schedule.values()} == {
        PUBLISH_NOTICES_TASK,
        HOUSEKEEPING_TASK,
        SEND_MAILS_TASK,
    }
    assert schedule[HOUSEKEEPING_TASK]["schedule"] == 7
    assert schedule[HOUSEKEEPING_TASK]["options"] == {"expires": 7}
