"""Celery: the names of queues and of tasks that one process sends to another."""

SETTLE_QUEUE = "bids"
PUBLISH_NOTICES_TASK = "publish_notices"
NOTICE_QUEUE = "notices"
MAINTENANCE_QUEUE = "maintenance"
