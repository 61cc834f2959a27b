"""Celery's settings for wake-ups, with a limit on every wait."""

task_ignore_result = True
task_serializer = "json"
accept_content = ["json"]
task_publish_retry = False
# Wake-ups are disposable; the sweep is what nothing is lost by.
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
