"""The workers' Celery application: `celery -A workers.celery_app worker -Q bids …`."""

from celery import Celery

from app.bootstrap.worker import build_worker_container
from app.observability.logging import configure_logging
from app.settings import settings_or_exit
from app.unfit_stores import refuse_unfit_stores
from workers.application import make_worker

settings = settings_or_exit()
# Before Celery's own commands log anything: Flower, which has no signal for it, and warnings.
configure_logging(settings.log_level, process=settings.process_name or "worker")
refuse_unfit_stores(settings)
app: Celery = make_worker(build_worker_container(settings))
