"""The Celery application of every process; its settings are in celeryconfig.py."""

from celery import Celery
from kombu.utils.url import parse_url

from app.settings import Settings


def make_celery(settings: Settings) -> Celery:
    """A Celery application without results; connects on first use."""
    celery = Celery("auction", broker=settings.redis_broker_url, set_as_current=False)
    celery.config_from_object("celeryconfig")
    # Kombu reads these from the URL; Flower does not.
    celery.conf.broker_use_ssl = parse_url(settings.redis_broker_url).get("ssl", False)
    return celery
