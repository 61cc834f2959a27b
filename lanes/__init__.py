"""A task platform over Kafka and Celery: the records of a key in order, each once, none lost."""
