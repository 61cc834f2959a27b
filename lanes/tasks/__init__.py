"""Celery: the task that settles lanes, and its wake-ups."""
