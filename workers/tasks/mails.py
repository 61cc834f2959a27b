"""`send_mails()`: the mails that are due, swept by beat; what is not sent stays due.

Not a task for each mail with Celery's retries: those wait in the memory of a worker, and end with
it. One thread of a process sends at a time: a slow mail server must not take those of notices.
"""

from threading import Lock

from celery import Celery

from app.bootstrap.other import OtherContainer
from app.services.mails import SEND_MAILS_TASK, send_due_mails


def register_send_mails(app: Celery, container: OtherContainer) -> None:
    """Add the task to `app` and to the beat; it expires when no worker has run it before the
    next."""
    period_s = container.settings.limits.mail_sweep_s
    sending = Lock()

    @app.task(name=SEND_MAILS_TASK)
    def send_mails() -> None:
        """Send what is due, unless this process does already."""
        if not sending.acquire(blocking=False):
            return
        try:
            send_due_mails(container.mails)
        finally:
            sending.release()

    entry = {"task": SEND_MAILS_TASK, "schedule": period_s, "options": {"expires": period_s}}
    app.conf.beat_schedule = {**app.conf.beat_schedule, SEND_MAILS_TASK: entry}
