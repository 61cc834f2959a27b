"""The boards. Every metric that is declared is on one of them."""

from stack.boards.model import (
    NONE_YET,
    Board,
    Panel,
    Query,
    mean,
    now,
    panel,
    quantile,
    quantiles,
    rate,
)


def _share(part: str, whole: str, legend: str) -> Query:
    part_rate, whole_rate = rate(part, legend).expression, rate(whole, legend).expression
    return Query(f"({part_rate}{NONE_YET}) / ({whole_rate})", legend)


CONSUMER_LAG = panel(
    "Consumer lag",
    "short",
    now("group_lag_records", "{{group}} {{topic}}", by="group, topic"),
    about="Records that a consumer group has not acknowledged.",
)
POSTGRESQL_CONNECTIONS = panel(
    "PostgreSQL connections",
    "short",
    now("postgres_open_connections", "{{state}}", by="state"),
    Query("max(postgres_allowed_connections)", "allowed"),
)
HTTP_ERRORS = panel(
    "HTTP error rate",
    "percentunit",
    _share('http_request_total{status=~"5.."}', "http_request_total", "5xx: ours"),
    _share('http_request_total{status=~"4.."}', "http_request_total", "4xx: theirs"),
)
THREADS = panel(
    "Threads",
    "short",
    now("process_running_threads", "{{process}}", by="process"),
)
MEMORY = panel("Memory", "bytes", now("process_resident_bytes", "{{process}}", by="process"))

RECEIPT = panel(
    "Frame to receipt",
    "s",
    *quantiles("ws_receipt_seconds"),
    about="The receipt is sent when Kafka has acknowledged the bid.",
)
DECIDED = panel(
    "Bids decided",
    "ops",
    rate("auction_decided_bids_total", "{{outcome}}", by="outcome"),
)
OLDEST = panel(
    "Oldest bid unsettled",
    "s",
    Query('max(backlog_age_seconds{topic="auction-bid"})', "age"),
    about="0 when none waits. This is what pools are scaled by.",
)

OVERVIEW = Board(
    "auction-overview",
    "Overview",
    "The state of the application: BowChat's figures, and what bidders notice.",
    (
        ("What BowChat promised", (CONSUMER_LAG, POSTGRESQL_CONNECTIONS, HTTP_ERRORS, THREADS)),
        ("What bidders notice", (MEMORY, RECEIPT, DECIDED, OLDEST)),
    ),
)

BIDS = Board(
    "auction-bids",
    "Bids",
    "The stages of a bid: look at the slowest.",
    (
        (
            "Coming in",
            (
                panel(
                    "Bids at the gateways",
                    "ops",
                    rate("ws_received_bids_total", "received"),
                    rate("ws_acknowledged_bids_total", "acknowledged"),
                    rate("ws_unknown_bids_total", "of unknown fate"),
                    rate("gateway_unwritten_receipts_total", "receipts without a line"),
                ),
                RECEIPT,
                panel(
                    "Refused: BUSY",
                    "ops",
                    rate("gateway_refused_records_total", "{{topic}} {{cause}}", by="topic, cause"),
                ),
                OLDEST,
            ),
        ),
        (
            "Legs",
            (
                panel("Log to inbox", "s", *quantiles("ingest_lag_seconds")),
                panel("Inbox to settled", "s", *quantiles("lane_inbox_seconds")),
                panel("Settled to published", "s", *quantiles("broadcast_age_seconds")),
                panel("Published to gateway", "s", *quantiles("ws_delivery_seconds")),
            ),
        ),
        (
            "Parts and wholes",
            (
                panel("Settled to Kafka", "s", *quantiles("relay_lag_seconds")),
                panel("Kafka to published", "s", *quantiles("broadcast_lag_seconds")),
                panel("Log to settled", "s", *quantiles("lane_wait_seconds")),
                panel("Decision to gateway", "s", *quantiles("ws_fanout_seconds")),
                panel(
                    "Lag in seconds",
                    "s",
                    Query("max by (group, topic) (group_lag_seconds)", "{{group}} {{topic}}"),
                    about="Measured every 2 s: a shorter lag is 0.",
                ),
            ),
        ),
    ),
)

FAN_OUT = Board(
    "auction-fan-out",
    "Fan-out",
    "Sockets, pushed frames and slow clients.",
    (
        (
            "Sockets",
            (
                panel("Open", "short", now("ws_open_sockets", "sockets")),
                panel("Ended, by how", "ops", rate("ws_ended_sockets_total", "{{end}}", by="end")),
                panel(
                    "Slow clients",
                    "ops",
                    rate('ws_ended_sockets_total{end="4008"}', "closed 4008"),
                ),
                panel(
                    "Queued for slow clients",
                    "bytes",
                    now("ws_queued_bytes", "bytes"),
                    about="Of all sockets together.",
                ),
            ),
        ),
        (
            "Frames",
            (
                panel(
                    "Frames",
                    "ops",
                    rate("ws_received_frames_total", "received"),
                    rate("ws_sent_frames_total", "sent"),
                    rate("ws_pushed_frames_total", "pushed"),
                ),
                panel("Frames that wait", "short", now("ws_queued_frames", "frames")),
                panel(
                    "Published",
                    "ops",
                    rate("broadcast_published_messages_total", "{{topic}}", by="topic"),
                ),
                panel(
                    "Delay of a gateway's loop",
                    "s",
                    *quantiles("gateway_loop_delay_seconds"),
                    about="The wait of every greenlet in the process.",
                ),
            ),
        ),
        (
            "HTTP",
            (
                panel(
                    "Requests",
                    "reqps",
                    rate("http_request_total", "{{method}} {{status}}", by="method, status"),
                ),
                panel(
                    "Duration",
                    "s",
                    quantile("http_request_duration_seconds", 0.99, "{{endpoint}}", by="endpoint"),
                    about="The 99th percentile, by route.",
                ),
                panel(
                    "Refused before routing",
                    "reqps",
                    rate("gateway_refused_requests_total", "{{code}}", by="code"),
                    rate("gateway_unmatched_requests_total", "no such route"),
                ),
                panel(
                    "Greenlets that serve", "short", now("gateway_serving_greenlets", "greenlets")
                ),
            ),
        ),
    ),
)

WORKERS = Board(
    "auction-workers",
    "Workers",
    "Bridge and Celery: backlogs, conflicts, dead letters. Flower shows single tasks.",
    (
        (
            "What waits",
            (
                panel(
                    "Records",
                    "short",
                    now("backlog_waiting_records", "{{topic}}", by="topic"),
                ),
                panel("Lanes", "short", now("backlog_waiting_lanes", "{{topic}}", by="topic")),
                panel(
                    "Tasks in queues", "short", now("queue_waiting_tasks", "{{queue}}", by="queue")
                ),
                panel(
                    "Partitions paused",
                    "short",
                    now("ingest_paused_partitions", "{{topic}}", by="topic"),
                ),
            ),
        ),
        (
            "What is done",
            (
                panel(
                    "Records",
                    "ops",
                    rate("ingest_records_total", "taken {{topic}}", by="topic"),
                    rate("lane_settled_records_total", "settled {{topic}}", by="topic"),
                ),
                panel(
                    "Batches",
                    "short",
                    mean("ingest_batch_records", "taken {{topic}}", by="topic"),
                    mean("lane_batch_records", "settled {{topic}}", by="topic"),
                    about="Records in a transaction, on average.",
                ),
                panel("A settle", "s", *quantiles("lane_settle_seconds")),
                panel(
                    "Stored messages",
                    "ops",
                    rate("save_stored_messages_total", "chat"),
                ),
            ),
        ),
        (
            "What goes wrong",
            (
                panel(
                    "Conflicts and retries",
                    "ops",
                    rate("lane_version_conflicts_total", "conflicts"),
                    rate("lane_settle_retries_total", "queued again"),
                    rate("lane_deferred_settles_total", "put off: no database"),
                ),
                panel(
                    "Given up",
                    "ops",
                    rate("lane_dead_records_total", "{{reason}}", by="reason"),
                    rate("lane_failed_settles_total", "settles failed"),
                    rate("lane_exhausted_settles_total", "settles exhausted"),
                ),
                panel(
                    "Parked",
                    "short",
                    Query("sum(lane_parked_now_lanes)", "now"),
                    Query("sum(increase(lane_parked_lanes_total[1h]))", "in an hour"),
                ),
                panel(
                    "Steps that failed",
                    "ops",
                    rate("pipeline_failures_total", "{{pipeline}}", by="pipeline"),
                ),
                panel(
                    "Since a step ended",
                    "s",
                    Query(
                        "time() - min by (pipeline) (pipeline_step_ended_seconds)", "{{pipeline}}"
                    ),
                ),
            ),
        ),
        (
            "Processes",
            (
                panel(
                    "Processor",
                    "percentunit",
                    rate("process_used_cpu_seconds_total", "{{process}}", by="process"),
                    about="1 is one core.",
                ),
                MEMORY,
                THREADS,
                panel(
                    "Unexpected restarts",
                    "short",
                    now("process_unexpected_restarts", "{{process}}", by="process"),
                ),
            ),
        ),
    ),
)

STORES = Board(
    "auction-stores",
    "Stores",
    "PostgreSQL, Kafka, Redis and MongoDB as our processes see them.",
    (
        (
            "PostgreSQL",
            (
                POSTGRESQL_CONNECTIONS,
                panel(
                    "Connections by who opened them",
                    "short",
                    now("postgres_open_connections", "{{application}}", by="application"),
                ),
                panel(
                    "Pools",
                    "percentunit",
                    Query(
                        "sum by (pool) (pool_used_connections)"
                        " / sum by (pool) (pool_allowed_connections)",
                        "{{pool}}",
                    ),
                    about="1 is exhausted.",
                ),
            ),
        ),
        (
            "What keeps old row versions",
            (
                panel(
                    "Oldest transaction",
                    "s",
                    Query("max by (holder) (postgres_oldest_transaction_seconds)", "{{holder}}"),
                ),
                panel(
                    "Kept for replication",
                    "short",
                    Query("max(postgres_replication_horizon_transactions)", "transactions"),
                ),
            ),
        ),
        (
            "Outbox and calls",
            (
                panel("Outbox", "short", now("relay_unsent_messages", "messages")),
                panel("Oldest message unsent", "s", Query("max(relay_unsent_age_seconds)", "age")),
                panel(
                    "Sent",
                    "ops",
                    rate("relay_sent_messages_total", "{{topic}}", by="topic"),
                ),
                panel(
                    "Calls without an answer",
                    "ops",
                    rate("gateway_unanswered_calls_total", "{{store}}", by="store"),
                ),
            ),
        ),
        (
            "Housekeeping",
            (
                panel(
                    "Old rows moved or deleted",
                    "ops",
                    rate("housekeeping_removed_rows_total", "{{chore}}", by="chore"),
                ),
                panel(
                    "Chores put off",
                    "ops",
                    rate("housekeeping_failures_total", "{{chore}}", by="chore"),
                ),
                panel(
                    "Mails sent, deferred or failed",
                    "ops",
                    rate(
                        "mail_handled_mails_total", "{{purpose}} {{result}}", by="purpose, result"
                    ),
                ),
            ),
        ),
    ),
)

BUSINESS = Board(
    "auction-business",
    "Business",
    "Bids, the reasons of refusals, and the delay of closes.",
    (
        (
            "Bids",
            (
                panel(
                    "Accepted",
                    "ops",
                    rate('auction_decided_bids_total{outcome="accepted"}', "accepted"),
                ),
                panel(
                    "Refused, by code",
                    "ops",
                    rate(
                        'auction_decided_bids_total{outcome!="accepted"}',
                        "{{outcome}}",
                        by="outcome",
                    ),
                ),
                panel(
                    "Closed in an hour",
                    "short",
                    Query("sum(increase(auction_close_seconds_count[1h]))", "auctions"),
                ),
                panel(
                    "End to close",
                    "s",
                    Query(
                        "histogram_quantile(0.99, sum by (le) "
                        "(increase(auction_close_seconds_bucket[1h])))",
                        "p99 of an hour",
                    ),
                ),
            ),
        ),
    ),
)

BOARDS: tuple[Board, ...] = (OVERVIEW, BIDS, FAN_OUT, WORKERS, STORES, BUSINESS)


def all_panels() -> list[tuple[Board, Panel]]:
    """Each panel with its board."""
    return [(board, shown) for board in BOARDS for shown in board.panels()]
