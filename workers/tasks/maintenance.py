"""`housekeeping()`: what is old is archived or deleted, a little at every beat. `send_mails()`: the
mails that are due; what is not sent stays due.

Not a task for each mail with Celery's retries: those wait in the memory of a worker, and end with
it.
"""

from threading import Lock

from celery import Celery

from app.bootstrap.container import Container
from app.bootstrap.maintenance import build_maintenance_container
from app.protocol.tasks import HOUSEKEEPING_TASK, SEND_MAILS_TASK
from app.services.mails import send_due_mails
from app.settings import Settings


def register(app: Celery, settings: Settings) -> Container:
    """Add the tasks to `app`; return their services."""
    container = build_maintenance_container(settings)
    sending = Lock()  # one thread of a process: a slow mail server must not take all of them

    @app.task(name=HOUSEKEEPING_TASK)
    def housekeeping() -> None:
        """Do a run's share of each chore."""
        container.housekeeping.run()

    @app.task(name=SEND_MAILS_TASK)
    def send_mails() -> None:
        """Send what is due, unless this process does already."""
        if not sending.acquire(blocking=False):
            return
        try:
            send_due_mails(container.mails)
        finally:
            sending.release()

    return container
