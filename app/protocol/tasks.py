"""Celery: the names of the queues and of the house's tasks.

The tasks of a queue are in the module of `workers.tasks` with its name.
"""

SETTLE_QUEUE = "bids"
NOTICE_QUEUE = "notices"
MAINTENANCE_QUEUE = "maintenance"
QUEUES = (SETTLE_QUEUE, NOTICE_QUEUE, MAINTENANCE_QUEUE)

PUBLISH_NOTICES_TASK = "publish_notices"
SEND_MAILS_TASK = "send_mails"
HOUSEKEEPING_TASK = "housekeeping"
