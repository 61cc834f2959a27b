"""What became of every bid that was acknowledged: an own count, beside the audit.

It uses none of the application's code: it reads what clients received, what the log holds
and what the rows say, and compares.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from stack.websocket_client import Frame

RecordId = tuple[int, int]  # partition, offset
OUTCOME = (
    "status", "standing", "code", "seq", "alias", "price", "minimum_next_bid", "ends_at",
    "decided_at",
)  # fmt: skip
FAILED = "failed"
FINAL = ("accepted", "rejected", FAILED)


@dataclass(frozen=True, slots=True)
class BidRow:
    """A row of `bids`; `seq` is None unless it was accepted."""

    bid_id: str
    auction_id: int
    status: str
    seq: int | None
    automatic: bool
    record_id: RecordId


@dataclass(frozen=True, slots=True)
class Counts:
    """How many bids; `examples` names some of those that should not be."""

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    misordered: int = 0
    failed: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClientHistory:
    """The receipts and outcomes that clients received, by bid."""

    receipts: Mapping[str, set[RecordId]]
    outcomes: Mapping[str, set[tuple[object, ...]]]


def history_of(lines: Iterable[Frame]) -> ClientHistory:
    """The receipts and final outcomes in a journal."""
    receipts: dict[str, set[RecordId]] = defaultdict(set)
    outcomes: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for line in lines:
        frame = line["frame"]
        if line["event"] != "told":
            continue
        if frame["type"] == "bid.received":
            receipts[frame["bid_id"]].add((frame["partition"], frame["offset"]))
        elif frame["type"] in ("bid.result", "bid.status") and frame["status"] in FINAL:
            outcomes[frame["bid_id"]].add(tuple(frame[name] for name in OUTCOME))
    return ClientHistory(receipts, outcomes)


def count(
    history: ClientHistory,
    log: Mapping[RecordId, str],
    rows: Sequence[BidRow],
    others: Set[RecordId],
) -> Counts:
    """`log`: the bid_id of each record; `rows`: those of all bids in that part of the log.

    `others`: the records that left no such row, repeats for example.
    """
    by_id = {row.bid_id: row for row in rows}
    settled = others | {row.record_id for row in rows}
    lost = dict(_lost(history, log, by_id, settled))
    doubled = list(_doubled(history, rows))
    misordered = list(_misordered(rows))
    return Counts(
        acknowledged=len(history.receipts),
        lost=len(lost),
        doubled=len(doubled),
        misordered=len(misordered),
        failed=sum(bid in by_id and by_id[bid].status == FAILED for bid in history.receipts),
        examples=[*(f"lost {bid}: {why}" for bid, why in lost.items()), *doubled, *misordered][:10],
    )


def _lost(
    history: ClientHistory,
    log: Mapping[RecordId, str],
    rows: Mapping[str, BidRow],
    settled: Set[RecordId],
) -> Iterator[tuple[str, str]]:
    for bid, record_ids in history.receipts.items():
        if any(log.get(record_id) != bid for record_id in record_ids):
            yield bid, f"its record is not in the log at {sorted(record_ids)}"
        elif not record_ids <= settled:  # though its bidder may have repeated it since
            yield bid, f"nothing became of its record at {sorted(record_ids - settled)}"
        elif bid not in rows:
            yield bid, f"it was not decided, {sorted(record_ids)}"
        elif bid not in history.outcomes:
            yield bid, "its bidder was never told the outcome"


def _doubled(history: ClientHistory, rows: Iterable[BidRow]) -> Iterator[str]:
    for bid, outcomes in history.outcomes.items():
        answers = {outcome for outcome in outcomes if outcome[0] != FAILED}
        if len(answers) > 1:
            yield f"doubled {bid}: told {sorted(map(str, answers))}"
    effects = Counter((row.record_id, row.automatic) for row in rows)
    for (record_id, _), times in effects.items():
        if times > 1:
            yield f"doubled: {times} rows of the record at {record_id}"


def _misordered(rows: Iterable[BidRow]) -> Iterator[str]:
    lots: dict[int, list[BidRow]] = defaultdict(list)
    for row in rows:
        if row.seq is not None:
            lots[row.auction_id].append(row)
    for auction_id, accepted in lots.items():
        ordered = sorted(accepted, key=lambda row: row.seq or 0)
        for before, after in pairwise(ordered):
            if after.record_id < before.record_id or after.seq == before.seq:
                yield f"misordered in {auction_id}: seq {before.seq} and {after.seq}"
