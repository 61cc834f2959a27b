"""Celery outside of workers: the application, and sending wake-ups."""
