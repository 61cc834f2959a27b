"""Series that exist from the start, at 0, so that a rare event is distinguishable from one that is
not measured."""

from collections.abc import Iterator, Sequence
from itertools import product

from prometheus_client import Counter, Histogram

from app.observability import metrics
from app.observability.reference import LABELS
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT, CHAT_EVENT, CHAT_MESSAGE
from app.services.dead_letter_limits import REASONS

LANES = (AUCTION_BID.name,)
WRITTEN = (AUCTION_BID.name, CHAT_MESSAGE.name)  # by gateways
OF_OUTBOX = (AUCTION_EVENT.name, CHAT_EVENT.name)
BROADCAST = (AUCTION_EVENT.name, CHAT_EVENT.name, CHAT_MESSAGE.name)
OF_LANES = (
    metrics.CONFLICTS, metrics.RETRIES, metrics.EXHAUSTED, metrics.FAILED_SETTLES,
    metrics.DEFERRED, metrics.PARKED, metrics.SETTLED, metrics.INGESTED, metrics.INGESTED_BATCH,
    metrics.INGEST_LAG, metrics.SETTLED_BATCH, metrics.SETTLE_SECONDS, metrics.WAIT_SECONDS,
    metrics.INBOX_SECONDS,
)  # fmt: skip
OF_BROADCAST = (metrics.BROADCAST, metrics.BROADCAST_LAG)
# Everything else, by the values of its labels in their order.
OTHERS: tuple[tuple[Counter | Histogram, tuple[Sequence[str], ...]], ...] = (
    (metrics.SOCKETS_ENDED, (LABELS["end"].values,)),
    (metrics.UNANSWERED, (LABELS["store"].values,)),
    (metrics.REFUSED, (WRITTEN, LABELS["cause"].values)),
    (metrics.REFUSED_REQUESTS, (LABELS["code"].values,)),
    (metrics.DEAD_LETTERS, (LANES, REASONS)),
    (metrics.DECIDED_BIDS, (LABELS["outcome"].values,)),
    (metrics.PIPELINE_FAILURES, (LABELS["pipeline"].values,)),
    (metrics.RELAYED, (OF_OUTBOX,)),
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
