"""Every metric of the platform, with unit and meaning; labels come from closed sets."""

from lanes.declarations import SIZES, counter, histogram, newest, oldest, summed

INGESTED = counter("ingest_records", "Records ingested from Kafka into the inbox.", "topic")
INGESTED_BATCH = histogram(
    "ingest_batch_records", "Records ingested in one transaction.", "topic", buckets=SIZES
)
INGEST_LAG = histogram(
    "ingest_lag_seconds",
    "From the log time of a batch's oldest record to its commit in the inbox.",
    "topic",
)
PAUSED = summed(
    "ingest_paused_partitions",
    "Partitions that are not ingested, because the backlog is over its limit.",
    "topic",
)
BACKLOG = newest(
    "backlog_waiting_records",
    "Records that wait to be settled, or stored; counted no further than just over the limit.",
    "topic",
)
BACKLOG_AGE = newest(
    "backlog_age_seconds", "Since the oldest record that waits came; 0 when none waits.", "topic"
)
WAITING_LANES = newest(
    "backlog_waiting_lanes",
    "Lanes with records to settle, parked ones aside; counted up to 1,000.",
    "topic",
)
UNSENT = newest("relay_unsent_messages", "Messages waiting in the outbox.")
UNSENT_AGE = newest(
    "relay_unsent_age_seconds", "Since the outbox's oldest message was written; 0 when none waits."
)

SETTLED = counter("lane_settled_records", "Records settled.", "topic")
SETTLED_BATCH = histogram(
    "lane_batch_records", "Records settled in one transaction.", "topic", buckets=SIZES
)
SETTLE_SECONDS = histogram("lane_settle_seconds", "Duration of one settle transaction.", "topic")
WAIT_SECONDS = histogram(
    "lane_wait_seconds",
    "From the log time of a batch's oldest record to the commit that settled it.",
    "topic",
)
INBOX_SECONDS = histogram(
    "lane_inbox_seconds",
    "From a batch's oldest record's commit in the inbox to the commit that settled it.",
    "topic",
)
CONFLICTS = counter(
    "lane_version_conflicts",
    "Settles rolled back, because another writer committed first.",
    "topic",
)
RETRIES = counter("lane_settle_retries", "Settles queued again after a conflict.", "topic")
EXHAUSTED = counter(
    "lane_exhausted_settles", "Settles that failed after the last retry of a conflict.", "topic"
)
FAILED_SETTLES = counter("lane_failed_settles", "Settles that a record made fail.", "topic")
DEAD_LETTERS = counter("lane_dead_records", "Records that became dead letters.", "topic", "reason")
PARKED = counter(
    "lane_parked_lanes", "Lanes and partitions that were parked; an operator must act.", "topic"
)
PARKED_NOW = newest("lane_parked_now_lanes", "Lanes and partitions that are parked now.", "topic")
DEFERRED = counter(
    "lane_deferred_settles", "Settles postponed, because the database is away.", "topic"
)

RELAYED = counter("relay_sent_messages", "Outbox messages acknowledged by Kafka.", "topic")
RELAY_LAG = histogram(
    "relay_lag_seconds",
    "From the transaction that wrote a batch's oldest message to Kafka's acknowledgement.",
)
PIPELINE_FAILURES = counter("pipeline_failures", "Steps that failed and were retried.", "pipeline")
STEP_ENDED = oldest(
    "pipeline_step_ended_seconds",
    "When the newest step of a pipeline ended, since 1970: of its processes, the longest ago.",
    "pipeline",
)
QUEUE_LENGTH = newest("queue_waiting_tasks", "Tasks that wait in a queue of Celery.", "queue")
GROUP_LAG_RECORDS = newest(
    "group_lag_records", "Records that a consumer group has not acknowledged.", "group", "topic"
)
GROUP_LAG_SECONDS = newest(
    "group_lag_seconds",
    "Since the oldest record came that the group has not acknowledged; 0 when there is none.",
    "group",
    "topic",
)
