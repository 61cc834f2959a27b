"""The house's Celery application: `celery -A workers.celery_app worker -Q bids …`, beat, Flower.

A worker imports the tasks of the queues that `-Q` names, and what they use; without `-Q` those of
all queues.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from celery import Celery
from celery.signals import celeryd_init

from app.protocol.tasks import QUEUES
from app.settings import REFUSED
from workers.application import make_application, prepare_settings, use_containers
from workers.schedule import beat_schedule

settings = prepare_settings()
app: Celery = make_application(settings)
app.conf.beat_schedule = beat_schedule(settings.limits)


@celeryd_init.connect
def register_tasks(options: Mapping[str, Sequence[str] | None], **_: object) -> None:
    """Add the tasks of the worker's queues; end the process when it is to serve a queue that none
    of our tasks goes to."""
    queues = options.get("queues") or QUEUES
    unknown = sorted(set(queues) - set(QUEUES))
    if unknown:
        known = ", ".join(QUEUES)
        print(f"-Q: no queue is called {', '.join(unknown)}; there are {known}", file=sys.stderr)
        raise SystemExit(REFUSED)  # Celery ignores any other exception
    modules = [import_module(f"workers.tasks.{queue}") for queue in queues]
    use_containers(settings, [module.register(app, settings) for module in modules])
