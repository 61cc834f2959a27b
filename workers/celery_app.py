"""The workers' Celery application: `celery -A workers.celery_app worker -Q bids …`."""

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from app.adapters.tasks.application import make_celery
from app.bootstrap import Container, build_container
from app.observability.logging import configure_logging
from app.observability.tracing import follow_every
from app.settings import read_settings
from workers.tasks.bids import register_settle
from workers.tasks.notices import register_publish_notices

settings = read_settings()
container: Container = build_container(settings, application="worker")
app: Celery = make_celery(settings)
register_settle(app, container)
register_publish_notices(app, container)


@setup_logging.connect
def _configure_logging(**_: object) -> None:
    configure_logging(settings.log_level, process=settings.process_name or "worker")
    follow_every(settings.trace_every)


@worker_process_init.connect
def _forget_inherited_connections(**_: object) -> None:
    """Connections do not survive a fork; each child opens its own."""
    container.engine.dispose(close=False)
