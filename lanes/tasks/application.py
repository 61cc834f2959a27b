"""The Celery application of a platform whose user brings none."""

from celery import Celery
from kombu.utils.url import parse_url

SETTINGS = "lanes.tasks.celery_settings"


def make_celery(broker_url: str, *, name: str, settings: str = SETTINGS) -> Celery:
    """Return an application with the settings of this module; connects on first use."""
    celery = Celery(name, broker=broker_url, set_as_current=False)
    celery.config_from_object(settings)
    # Kombu reads these from the URL; Flower does not.
    celery.conf.broker_use_ssl = parse_url(broker_url).get("ssl", False)
    return celery
