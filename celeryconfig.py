"""Celery's settings: queues, and a limit on every wait. The broker's address is in Settings."""

from app.protocol.tasks import MAINTENANCE_QUEUE, NOTICE_QUEUE, PUBLISH_NOTICES_TASK

task_ignore_result = True
task_default_queue = MAINTENANCE_QUEUE
# A lane's wake-up goes to its topic's own queue, as LaneTopic says.
task_routes = {
    PUBLISH_NOTICES_TASK: {"queue": NOTICE_QUEUE},
}
task_serializer = "json"
accept_content = ["json"]
task_publish_retry = False
# Wake-ups are disposable; the clock's sweep is what nothing is lost by.
task_acks_late = False
worker_prefetch_multiplier = 4
worker_send_task_events = True
broker_connection_retry_on_startup = True
broker_transport_options = {
    # A publish on a half-open connection would otherwise wait for ever.
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    # Longer than any countdown of a retry.
    "visibility_timeout": 3600,
}
