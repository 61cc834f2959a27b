"""The house's metrics, with unit and meaning, beside those of the platform (lanes/metrics.py).

docs/metrics.md is made of both by `make docs`.

Labels come from closed sets, which app/observability/reference.py lists. All processes of a machine
are shown by app/exporter.py.
"""

import lanes.metrics  # noqa: F401 - declares those of the platform, so that both are known
from app.protocol.problems import CloseCode
from lanes.declarations import counter, declare, histogram, newest, summed

PROTOCOL_ERROR = "1002"
# How a socket ended: our close code, the client's close, or without one.
ENDS = frozenset({"client", "lost", PROTOCOL_ERROR, *(str(code.value) for code in CloseCode)})
# Why a gateway refused a record: the backlog is too long, Kafka is away, Kafka acknowledges
# nothing, or too many bytes wait for their acknowledgement. Or too much is under way: frames wait
# for their turn, records for their acknowledgement, or bids for their outcome.
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
PUSHES = counter("ws_pushed_frames", "Frames pushed without a request: states, outcomes, messages.")
BIDS_RECEIVED = counter("ws_received_bids", "Well-formed bids of signed-in clients.")
BIDS_ACKNOWLEDGED = counter("ws_acknowledged_bids", "Bids acknowledged by Kafka.")
BIDS_UNKNOWN = counter("ws_unknown_bids", "Bids without acknowledgement in time.")
UNWRITTEN_RECEIPTS = counter(
    "gateway_unwritten_receipts",
    "Receipts whose line was dropped, because the reader of standard output is too slow.",
)
RECEIPT_SECONDS = histogram(
    "ws_receipt_seconds", "From a bid's frame to its receipt, in the gateway."
)
FANOUT_SECONDS = histogram(
    "ws_fanout_seconds",
    "From the decision time of a settle's newest accepted bid to its arrival at the gateway.",
)
DELIVERY_SECONDS = histogram(
    "ws_delivery_seconds",
    "From a publication to Redis to the gateway's handling of it; of one a second for each topic.",
)
LOOP_DELAY = histogram(
    "gateway_loop_delay_seconds",
    "Delay of a timer of the loop, which every greenlet of this process waits.",
)
GREENLETS = summed("gateway_serving_greenlets", "Greenlets that serve a connection each.")

UNANSWERED = counter(
    "gateway_unanswered_calls", "Calls of a store that ended without an answer.", "store"
)
REFUSED = counter(
    "gateway_refused_records",
    "Records refused with BUSY, and not written to Kafka.",
    "topic",
    "cause",
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

# What holds a transaction open: a session, or none since it was prepared for a two-phase commit.
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
    "postgres_allowed_connections", "Connections that the server allows in all."
)
POOL_USED = summed("pool_used_connections", "Connections to PostgreSQL that are lent out.", "pool")
POOL_ALLOWED = summed(
    "pool_allowed_connections", "Connections to PostgreSQL that the pools may open.", "pool"
)
REPLICATION_HORIZON = newest(
    "postgres_replication_horizon_transactions",
    "Transactions since the oldest whose row versions a replication slot or a standby keeps.",
)

DECIDED_BIDS = counter(
    "auction_decided_bids", "Bids decided: accepted, or refused by their code.", "outcome"
)
CLOSE_SECONDS = histogram(
    "auction_close_seconds", "From an auction's end to the log time of the record that closed it."
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
    "housekeeping_failures",
    "Chores postponed to the next run, because a store did not answer.",
    "chore",
)

MAIL_SENT, MAIL_DEFERRED, MAIL_REFUSED, MAIL_GIVEN_UP = "sent", "deferred", "refused", "given_up"
MAIL_RESULTS = (MAIL_SENT, MAIL_DEFERRED, MAIL_REFUSED, MAIL_GIVEN_UP)
MAILS = counter(
    "mail_handled_mails",
    "Mails by the mail server's answer; deferred ones are tried again.",
    "purpose",
    "result",
)
