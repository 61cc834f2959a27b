"""`housekeeping()`: what is old is archived or deleted, a little at every beat."""

from celery import Celery

from app.bootstrap.other import OtherContainer
from app.services.housekeeping import HOUSEKEEPING_TASK


def register_housekeeping(app: Celery, container: OtherContainer) -> None:
    """Add the task to `app` and to the beat; it expires when no worker has run it before the
    next."""
    period_s = container.settings.limits.housekeeping_s

    @app.task(name=HOUSEKEEPING_TASK)
    def housekeeping() -> None:
        """Do a run's share of each chore."""
        container.housekeeping.run()

    entry = {"task": HOUSEKEEPING_TASK, "schedule": period_s, "options": {"expires": period_s}}
    app.conf.beat_schedule = {**app.conf.beat_schedule, HOUSEKEEPING_TASK: entry}
