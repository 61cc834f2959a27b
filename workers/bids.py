"""The Celery application of workers that settle bids: `celery -A workers.bids worker -Q bids`."""

from celery import Celery

from app.bootstrap.bids import build_bids_container
from workers.application import make_worker, prepare_settings
from workers.tasks.settling import register_settling

container = build_bids_container(prepare_settings())
app: Celery = make_worker(container)
register_settling(app, container)
