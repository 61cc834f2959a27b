"""A Celery application of worker processes, on the services of whoever makes it."""

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from app.adapters.tasks.application import make_celery
from app.bootstrap import Container
from app.observability.logging import configure_logging
from app.observability.tracing import follow_every
from workers.tasks.bids import register_settle
from workers.tasks.notices import register_publish_notices


def make_worker(container: Container) -> Celery:
    """The application with all tasks; `container` connects in the processes it forks."""
    app: Celery = make_celery(container.settings)
    register_settle(app, container)
    register_publish_notices(app, container)
    _prepare_processes(container)
    return app


def _prepare_processes(container: Container) -> None:
    settings = container.settings

    @setup_logging.connect(weak=False)
    def _configure_logging(**_: object) -> None:
        configure_logging(settings.log_level, process=settings.process_name or "worker")
        follow_every(settings.trace_every)

    @worker_process_init.connect(weak=False)
    def _forget_inherited_connections(**_: object) -> None:
        """Connections do not survive a fork; each child opens its own."""
        container.engine.dispose(close=False)
