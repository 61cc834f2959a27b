"""A task platform over Kafka and Celery: the records of a key in order, each once, none lost."""

from lanes.codec import Message, Record
from lanes.platform import Platform, PlatformError

__all__ = ["Message", "Platform", "PlatformError", "Record"]
