"""Every metric, with unit and meaning.

The last word of a name is its unit. Labels come from closed sets: `topic` is one of the topics,
`pipeline` one of the bridge's pipelines, `end` one of ENDS, `cause` one of REFUSAL_CAUSES,
`reason` one of those in app/services/burials.py, `code` one of app/protocol/problems.py,
`holder` one of HOLDERS, `store` one of STORES.

`endpoint` is one of the routes, `status` a status of HTTP.

All processes of a machine are shown by app/exporter.py.
"""

from prometheus_client import Counter, Gauge, Histogram

from app.protocol.problems import CloseCode

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)

PROTOCOL_ERROR = "1002"
# How a socket ended: our close code, the client's own close, or without a word.
ENDS = frozenset({"client", "lost", PROTOCOL_ERROR, *(str(code.value) for code in CloseCode)})
# Why a gateway did not take a record: what must work it off is too far behind, there is no log,
# the log acknowledges nothing, or too much waits for its acknowledgement.
BACKLOG_OVER, LOG_AWAY, LOG_STALLED, LOG_FULL = "backlog", "away", "stalled", "full"
REFUSAL_CAUSES = frozenset({BACKLOG_OVER, LOG_AWAY, LOG_STALLED, LOG_FULL})

POSTGRESQL, MONGODB, REDIS = "postgresql", "mongodb", "redis"
STORES = frozenset({POSTGRESQL, MONGODB, REDIS})

OPEN_SOCKETS = Gauge("ws_open_sockets", "Sockets open now.", multiprocess_mode="livesum")
QUEUED_BYTES = Gauge(
    "ws_queued_bytes", "Bytes that wait for slow readers.", multiprocess_mode="livesum"
)
SOCKETS_ENDED = Counter("ws_ended_sockets", "Sockets that ended, by how.", ["end"])
FRAMES_IN = Counter("ws_received_frames", "Text frames of clients.")
FRAMES_OUT = Counter("ws_sent_frames", "Frames given to sockets, pings and pongs included.")
BIDS_RECEIVED = Counter("ws_received_bids", "Well-formed bids of signed-in clients.")
BIDS_ACKNOWLEDGED = Counter("ws_acknowledged_bids", "Bids acknowledged by Kafka.")
BIDS_UNKNOWN = Counter("ws_unknown_bids", "Bids without acknowledgement in time.")
RECEIPT_SECONDS = Histogram(
    "ws_receipt_seconds", "From a bid's frame to its receipt, in the gateway.", buckets=SECONDS
)
FANOUT_SECONDS = Histogram(
    "ws_fanout_seconds",
    "From the decision time of a settle's newest accepted bid to the gateway's hearing of it.",
    buckets=SECONDS,
)

UNANSWERED = Counter(
    "gateway_unanswered_calls", "Calls of a store given up without an answer.", ["store"]
)
REFUSED = Counter(
    "gateway_refused_records", "Records not put into the log: BUSY.", ["topic", "cause"]
)
HTTP_SECONDS = Histogram(
    "http_request_seconds",
    "From a request's routing to its answer, sockets aside.",
    ["endpoint", "status"],
    buckets=SECONDS,
)
REFUSED_REQUESTS = Counter(
    "gateway_refused_requests", "Requests refused before routing, by their code.", ["code"]
)

TAKEN = Counter("ingest_taken_records", "Records taken from Kafka into the inbox.", ["topic"])
TAKEN_BATCH = Histogram(
    "ingest_batch_records", "Records taken in one transaction.", ["topic"], buckets=SIZES
)
INGEST_LAG = Histogram(
    "ingest_lag_seconds",
    "From the log time of a batch's oldest record to its commit in the inbox.",
    ["topic"],
    buckets=SECONDS,
)
PAUSED = Gauge(
    "ingest_paused_partitions",
    "Partitions from which nothing is taken, because the backlog is over its limit.",
    ["topic"],
    multiprocess_mode="livesum",
)
BACKLOG = Gauge(
    "backlog_waiting_records",
    "Records that wait to be settled, or stored; counted no further than just over the limit.",
    ["topic"],
    multiprocess_mode="mostrecent",
)
BACKLOG_AGE = Gauge(
    "backlog_age_seconds",
    "Since the oldest record that waits came; 0 when none waits.",
    ["topic"],
    multiprocess_mode="mostrecent",
)
UNSENT = Gauge(
    "relay_unsent_messages", "Messages waiting in the outbox.", multiprocess_mode="mostrecent"
)

# Who holds a transaction open: a session, or nobody since it was prepared for a two-phase commit.
SESSION, PREPARED = "session", "prepared"
HOLDERS = frozenset({SESSION, PREPARED})
OLDEST_TRANSACTION = Gauge(
    "postgres_oldest_transaction_seconds",
    "Age of the database's oldest open transaction, which keeps every younger row version.",
    ["holder"],
    multiprocess_mode="mostrecent",
)
REPLICATION_HORIZON = Gauge(
    "postgres_replication_horizon_transactions",
    "Transactions since the oldest whose row versions a replication slot or a standby keeps.",
    multiprocess_mode="mostrecent",
)

SETTLED = Counter("lane_settled_records", "Records settled.", ["topic"])
SETTLED_BATCH = Histogram(
    "lane_batch_records", "Records settled in one transaction.", ["topic"], buckets=SIZES
)
SETTLE_SECONDS = Histogram(
    "lane_settle_seconds", "Duration of one settle transaction.", ["topic"], buckets=SECONDS
)
WAIT_SECONDS = Histogram(
    "lane_wait_seconds",
    "From the log time of a batch's oldest record to the commit that settled it.",
    ["topic"],
    buckets=SECONDS,
)
CONFLICTS = Counter("lane_version_conflicts", "Settles rolled back for another's.", ["topic"])
RETRIES = Counter("lane_settle_retries", "Settles queued again after a conflict.", ["topic"])
EXHAUSTED = Counter(
    "lane_exhausted_settles", "Settles given up after nothing but conflicts.", ["topic"]
)
FAILED_SETTLES = Counter("lane_failed_settles", "Settles that a record made fail.", ["topic"])
DEAD_LETTERS = Counter(
    "lane_dead_records", "Records given up as dead letters.", ["topic", "reason"]
)
PARKED = Counter(
    "lane_parked_lanes", "Lanes and partitions parked: somebody must look at it.", ["topic"]
)
PARKED_NOW = Gauge(
    "lane_parked_now_lanes",
    "Lanes and partitions that are parked now.",
    ["topic"],
    multiprocess_mode="mostrecent",
)
DEFERRED = Counter("lane_deferred_settles", "Settles put off: the database is away.", ["topic"])
CLOSE_SECONDS = Histogram(
    "auction_close_seconds",
    "From an auction's end to the log time of the record that closed it.",
    buckets=SECONDS,
)

RELAYED = Counter("relay_sent_messages", "Outbox messages acknowledged by Kafka.", ["topic"])
RELAY_LAG = Histogram(
    "relay_lag_seconds",
    "From the transaction that wrote a batch's oldest message to Kafka's acknowledgement.",
    buckets=SECONDS,
)
BROADCAST = Counter("broadcast_published_messages", "Messages published to Redis.", ["topic"])
BROADCAST_LAG = Histogram(
    "broadcast_lag_seconds",
    "From the log time of a batch's oldest message to its publication.",
    ["topic"],
    buckets=SECONDS,
)
SAVED = Counter("save_stored_messages", "Chat messages stored.")
PIPELINE_FAILURES = Counter(
    "pipeline_failures", "Steps that failed and were retried.", ["pipeline"]
)
