"""Series that exist from the start, at 0, so that a rare event is distinguishable from one that is
not measured."""

from collections.abc import Iterator, Sequence
from itertools import product

from prometheus_client import Counter, Histogram

from app.observability import metrics
from app.observability.reference import LABELS
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE
from app.services.rejected_records import REASONS
from lanes import metrics as lane_metrics

LANES = (AUCTION_BID.name,)
WRITTEN = (AUCTION_BID.name, CHAT_MESSAGE.name)  # by gateways
OF_OUTBOX = (AUCTION_EVENT.name, CHAT_EVENT.name)
BROADCAST = (AUCTION_EVENT.name, CHAT_EVENT.name, CHAT_MESSAGE.name)
OF_LANES = (
    lane_metrics.CONFLICTS,
    lane_metrics.RETRIES,
    lane_metrics.EXHAUSTED,
    lane_metrics.FAILED_SETTLES,
    lane_metrics.DEFERRED,
    lane_metrics.PARKED,
    lane_metrics.SETTLED,
    lane_metrics.INGESTED,
    lane_metrics.INGESTED_BATCH,
    lane_metrics.INGEST_LAG,
    lane_metrics.SETTLED_BATCH,
    lane_metrics.SETTLE_SECONDS,
    lane_metrics.WAIT_SECONDS,
    lane_metrics.INBOX_SECONDS,
)
OF_BROADCAST = (metrics.BROADCAST, metrics.BROADCAST_LAG)
# Everything else, by the values of its labels in their order.
OTHERS: tuple[tuple[Counter | Histogram, tuple[Sequence[str], ...]], ...] = (
    (metrics.SOCKETS_ENDED, (LABELS["end"].values,)),
    (metrics.UNANSWERED, (LABELS["store"].values,)),
    (metrics.REFUSED, (WRITTEN, LABELS["cause"].values)),
    (metrics.REFUSED_REQUESTS, (LABELS["code"].values,)),
    (lane_metrics.DEAD_LETTERS, (LANES, REASONS)),
    (metrics.DECIDED_BIDS, (LABELS["outcome"].values,)),
    (lane_metrics.PIPELINE_FAILURES, (LABELS["pipeline"].values,)),
    (lane_metrics.RELAYED, (OF_OUTBOX,)),
    (metrics.HOUSEKEPT_ROWS, (LABELS["chore"].values,)),
    (metrics.HOUSEKEEPING_FAILURES, (LABELS["chore"].values,)),
    (metrics.BROADCAST_AGE, (OF_OUTBOX,)),
)


def begin_series() -> None:
    """Show all of them; to be called by a process that counts none of it."""
    for metric, sets in _series():
        for values in product(*sets):
            metric.labels(*values)


def _series() -> Iterator[tuple[Counter | Histogram, tuple[Sequence[str], ...]]]:
    yield from ((metric, (LANES,)) for metric in OF_LANES)
    yield from ((metric, (BROADCAST,)) for metric in OF_BROADCAST)
    yield from OTHERS
