"""Celery workers: settle lanes, deliver notices, keep house. They never load Flask."""
