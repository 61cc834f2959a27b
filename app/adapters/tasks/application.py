"""The Celery application as everyone sees it; its settings are in celeryconfig.py."""

from celery import Celery

from app.settings import Settings


def make_celery(settings: Settings) -> Celery:
    """A Celery application without results; connects on first use."""
    celery = Celery("auction", broker=settings.redis_broker_url, set_as_current=False)
    celery.config_from_object("celeryconfig")
    return celery
