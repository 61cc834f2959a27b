"""Every metric, with unit and meaning; docs/metrics.md is made of it by `make docs`.

Labels come from closed sets, which app/observability/reference.py lists. All processes of a machine
are shown by app/exporter.py.
"""

from app.observability.declarations import SIZES, counter, declare, histogram, newest, summed
from app.protocol.problems import CloseCode

PROTOCOL_ERROR = "1002"
# How a socket ended: our close code, the client's own close, or without a word.
ENDS = frozenset({"client", "lost", PROTOCOL_ERROR, *(str(code.value) for code in CloseCode)})
# Why a gateway did not take a record: what must work it off is too far behind, there is no log,
# the log acknowledges nothing, or too much waits for its acknowledgement. Or too much is under way:
# frames wait for their turn or records for their acknowledgement, or bids for their outcome.
BACKLOG_OVER, LOG_AWAY, LOG_STALLED, LOG_FULL = "backlog", "away", "stalled", "full"
LATE, UNDECIDED = "late", "undecided"
REFUSAL_CAUSES = frozenset({BACKLOG_OVER, LOG_AWAY, LOG_STALLED, LOG_FULL, LATE, UNDECIDED})

POSTGRESQL, MONGODB, REDIS = "postgresql", "mongodb", "redis"
STORES = frozenset({POSTGRESQL, MONGODB, REDIS})

OPEN_SOCKETS = summed("ws_open_sockets", "Sockets open now.")
QUEUED_BYTES = summed("ws_queued_bytes", "Bytes that wait for slow readers.")
QUEUED_FRAMES = summed("ws_queued_frames", "Frames that wait for slow readers.")
SOCKETS_ENDED = counter(
    "ws_ended_sockets",
    "Sockets that ended, by how: a close code (4008: a slow client), `client` or `lost`.",
    "end",
)
FRAMES_IN = counter("ws_received_frames", "Text frames of clients.")
FRAMES_OUT = counter("ws_sent_frames", "Frames given to sockets, pings and pongs included.")
PUSHES = counter("ws_pushed_frames", "Frames that answer nobody: states, outcomes, messages.")
BIDS_RECEIVED = counter("ws_received_bids", "Well-formed bids of signed-in clients.")
BIDS_ACKNOWLEDGED = counter("ws_acknowledged_bids", "Bids acknowledged by Kafka.")
BIDS_UNKNOWN = counter("ws_unknown_bids", "Bids without acknowledgement in time.")
UNWRITTEN_RECEIPTS = counter(
    "gateway_unwritten_receipts",
    "Receipts whose line was not written, because nobody reads standard output fast enough.",
)
RECEIPT_SECONDS = histogram(
    "ws_receipt_seconds", "From a bid's frame to its receipt, in the gateway."
)
FANOUT_SECONDS = histogram(
    "ws_fanout_seconds",
    "From the decision time of a settle's newest accepted bid to the gateway's hearing of it.",
)
DELIVERY_SECONDS = histogram(
    "ws_delivery_seconds",
    "From a publication to Redis to the gateway's handling of it; of one a second for each topic.",
)
LOOP_DELAY = histogram(
    "gateway_loop_delay_seconds",
    "How much later than asked a greenlet is woken: what everything in this process waits.",
)
GREENLETS = summed("gateway_serving_greenlets", "Greenlets that serve a connection each.")

UNANSWERED = counter(
    "gateway_unanswered_calls", "Calls of a store given up without an answer.", "store"
)
REFUSED = counter(
    "gateway_refused_records", "Records not put into the log: BUSY.", "topic", "cause"
)
UNMATCHED_REQUESTS = counter(
    "gateway_unmatched_requests", "Requests that no route answers: another path, another method."
)
# Made by prometheus-flask-exporter, of requests that a route answers, sockets aside.
declare(
    "http_request_duration_seconds",
    "histogram",
    "From a request's routing to its answer, sockets aside.",
    ("method", "endpoint", "status"),
)
declare("http_request_total", "counter", "Requests answered, sockets aside.", ("method", "status"))
declare("exporter_info", "gauge", "1, with the version of prometheus-flask-exporter.", ("version",))
REFUSED_REQUESTS = counter(
    "gateway_refused_requests", "Requests refused before routing, by their code.", "code"
)

INGESTED = counter("ingest_records", "Records taken from Kafka into the inbox.", "topic")
INGESTED_BATCH = histogram(
    "ingest_batch_records", "Records taken in one transaction.", "topic", buckets=SIZES
)
INGEST_LAG = histogram(
    "ingest_lag_seconds",
    "From the log time of a batch's oldest record to its commit in the inbox.",
    "topic",
)
PAUSED = summed(
    "ingest_paused_partitions",
    "Partitions from which nothing is taken, because the backlog is over its limit.",
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
GROUP_LAG_RECORDS = newest(
    "group_lag_records", "Records that a consumer group has not acknowledged.", "group", "topic"
)
GROUP_LAG_SECONDS = newest(
    "group_lag_seconds",
    "Since the oldest record came that the group has not acknowledged; 0 when there is none.",
    "group",
    "topic",
)
QUEUE_LENGTH = newest(
    "queue_waiting_tasks", "Tasks in a queue of Celery that no worker has taken.", "queue"
)

# Who holds a transaction open: a session, or nobody since it was prepared for a two-phase commit.
SESSION, PREPARED = "session", "prepared"
HOLDERS = frozenset({SESSION, PREPARED})
OLDEST_TRANSACTION = newest(
    "postgres_oldest_transaction_seconds",
    "Age of the database's oldest open transaction, which keeps every younger row version.",
    "holder",
)
OTHER = "other"
# Whose connections there are, by the name each gives to the server, and what they are doing.
APPLICATIONS = (
    "gateway", "gateway-chat", "gateway-guests", "bridge", "bridge-guests", "worker",
    "worker-guests", "operator", OTHER,
)  # fmt: skip
CONNECTION_STATES = ("active", "idle", "idle in transaction", OTHER)
CONNECTIONS = newest(
    "postgres_open_connections",
    "Connections to the database, by who opened them and what they do.",
    "application",
    "state",
)
CONNECTIONS_MAX = newest(
    "postgres_allowed_connections", "Connections that the server takes from all together."
)
POOL_USED = summed("pool_used_connections", "Connections to PostgreSQL that are lent out.", "pool")
POOL_ALLOWED = summed(
    "pool_allowed_connections", "Connections to PostgreSQL that the pools may open.", "pool"
)
REPLICATION_HORIZON = newest(
    "postgres_replication_horizon_transactions",
    "Transactions since the oldest whose row versions a replication slot or a standby keeps.",
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
CONFLICTS = counter("lane_version_conflicts", "Settles rolled back for another's.", "topic")
RETRIES = counter("lane_settle_retries", "Settles queued again after a conflict.", "topic")
EXHAUSTED = counter(
    "lane_exhausted_settles", "Settles given up after nothing but conflicts.", "topic"
)
FAILED_SETTLES = counter("lane_failed_settles", "Settles that a record made fail.", "topic")
DEAD_LETTERS = counter("lane_dead_records", "Records given up as dead letters.", "topic", "reason")
PARKED = counter(
    "lane_parked_lanes", "Lanes and partitions parked: somebody must look at it.", "topic"
)
PARKED_NOW = newest("lane_parked_now_lanes", "Lanes and partitions that are parked now.", "topic")
DEFERRED = counter("lane_deferred_settles", "Settles put off: the database is away.", "topic")
DECIDED_BIDS = counter(
    "auction_decided_bids", "Bids decided: accepted, or refused by their code.", "outcome"
)
CLOSE_SECONDS = histogram(
    "auction_close_seconds", "From an auction's end to the log time of the record that closed it."
)

RELAYED = counter("relay_sent_messages", "Outbox messages acknowledged by Kafka.", "topic")
RELAY_LAG = histogram(
    "relay_lag_seconds",
    "From the transaction that wrote a batch's oldest message to Kafka's acknowledgement.",
)
BROADCAST = counter("broadcast_published_messages", "Messages published to Redis.", "topic")
BROADCAST_LAG = histogram(
    "broadcast_lag_seconds",
    "From the log time of a batch's oldest message to its publication.",
    "topic",
)
BROADCAST_AGE = histogram(
    "broadcast_age_seconds",
    "From the transaction that wrote a batch's oldest message to its publication.",
    "topic",
)
SAVED = counter("save_stored_messages", "Chat messages stored.")
PIPELINE_FAILURES = counter("pipeline_failures", "Steps that failed and were retried.", "pipeline")

# Of processes; `process` is the supervisor's name of it, without one its kind.
CPU_SECONDS = counter(
    "process_used_cpu_seconds", "Processor time used, by users' and the system's code.", "process"
)
RESIDENT_BYTES = summed(
    "process_resident_bytes", "Memory in use, shared pages included.", "process"
)
THREADS = summed("process_running_threads", "Threads of the system.", "process")
RESTARTS = newest(
    "process_unexpected_restarts",
    "How often the supervisor had to start a process again, since it began itself.",
    "process",
)

HOUSEKEPT_ROWS = counter(
    "housekeeping_removed_rows",
    "Rows and documents that were old: moved to the archive, or deleted.",
    "chore",
)
HOUSEKEEPING_FAILURES = counter(
    "housekeeping_failures", "Chores put off to the next run: a store did not answer.", "chore"
)

MAIL_SENT, MAIL_DEFERRED, MAIL_REFUSED, MAIL_GIVEN_UP = "sent", "deferred", "refused", "given_up"
MAIL_RESULTS = (MAIL_SENT, MAIL_DEFERRED, MAIL_REFUSED, MAIL_GIVEN_UP)
MAILS = counter(
    "mail_handled_mails",
    "Mails that the mail server took, or not: deferred ones are tried again.",
    "purpose",
    "result",
)
