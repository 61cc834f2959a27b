"""Every metric, with unit and meaning; labels come from closed sets.

With PROMETHEUS_MULTIPROC_DIR set, all processes of a machine are shown by any one of them.
"""

from prometheus_client import Counter, Gauge, Histogram

SETTLED = Counter("lane_settled_records", "Records settled.", ["topic"])
SETTLE_SECONDS = Histogram(
    "lane_settle_seconds",
    "Duration of one settle transaction.",
    ["topic"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
CONFLICTS = Counter("lane_version_conflicts", "Settles rolled back for another's.", ["topic"])
TAKEN = Counter("ingest_taken_records", "Records taken from Kafka into the inbox.", ["topic"])
UNDECODABLE = Counter("ingest_undecodable_records", "Records nobody can decode.", ["topic"])
BACKLOG = Gauge(
    "lane_backlog_records", "Records waiting in the inbox.", multiprocess_mode="mostrecent"
)
RELAYED = Counter("relay_sent_messages", "Outbox messages acknowledged by Kafka.", ["topic"])
BROADCAST = Counter("broadcast_published_messages", "Messages published to Redis.", ["topic"])
SAVED = Counter("save_stored_messages", "Chat messages stored.")
PIPELINE_FAILURES = Counter("pipeline_failures", "Steps that failed and were retried.", ["name"])
