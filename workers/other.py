"""The Celery application of all other workers: `celery -A workers.other worker -Q notices,…`; also
of beat and Flower."""

from celery import Celery

from app.bootstrap.other import build_other_container
from workers.application import make_worker, prepare_settings
from workers.tasks.housekeeping import register_housekeeping
from workers.tasks.mails import register_send_mails
from workers.tasks.notices import register_publish_notices

container = build_other_container(prepare_settings())
app: Celery = make_worker(container)
register_publish_notices(app, container)
register_housekeeping(app, container)
register_send_mails(app, container)
