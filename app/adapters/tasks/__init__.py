"""Celery as seen from outside a worker: the application, and wake-ups sent through it."""
