"""What beat sends, and how often; no task is imported for it."""

from app.protocol.tasks import HOUSEKEEPING_TASK, PUBLISH_NOTICES_TASK, SEND_MAILS_TASK
from app.settings import Limits

NOTICES_S = 5.0


def beat_schedule(limits: Limits) -> dict[str, dict[str, object]]:
    """Return Celery's `beat_schedule`. A task expires when no worker has run it before the next of
    its kind."""
    periods_s = {
        PUBLISH_NOTICES_TASK: NOTICES_S,
        SEND_MAILS_TASK: limits.mail_sweep_s,
        HOUSEKEEPING_TASK: limits.housekeeping_s,
    }
    return {
        task: {"task": task, "schedule": period_s, "options": {"expires": period_s}}
        for task, period_s in periods_s.items()
    }
