"""The workers' Celery application: `celery -A workers.celery_app worker -Q bids …`."""

from celery import Celery

from app.bootstrap import build_container
from app.settings import settings_or_exit
from workers.application import make_worker

app: Celery = make_worker(build_container(settings_or_exit(), application="worker"))
