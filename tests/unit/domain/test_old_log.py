"""Records of an older commit are decided in the same way again, hash by hash."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app.adapters.postgres.settling import AUCTION_COLUMNS, auction_of
from app.domain.auction import Auction, genesis
from app.domain.ledger import DecidedBid, DecidedControl, Entry, fold
from app.services.settling import decode
from tests import old_log

COMPARED = (
    "status", "price", "leader_id", "leader_maximum", "bid_count", "ends_at", "extensions",
    "reserve_price", "reserve_lowered", "winner_id", "winning_amount", "closed_at", "decided_at",
    "alias_count", "chain",
)  # fmt: skip


def stored(row: dict[str, Any]) -> Auction:
    """Return the auction of a JSON row, with the columns of later commits."""
    row = {**row, "voided_ids": []}
    return auction_of(
        [_value(name.strip(), row[name.strip()]) for name in AUCTION_COLUMNS.split(",")]
    )


def _value(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


@pytest.mark.parametrize("row", old_log.TABLES["auctions"], ids=lambda row: f"auction-{row['id']}")
def test_an_old_log_gives_the_stored_rows_and_chain(row: dict[str, Any]) -> None:
    auction = stored(row)
    own = [decode(record) for record in old_log.records() if record.key == str(row["id"])]
    folded, entries = fold(genesis(auction), own)
    assert hashes(entries) == old_log.chained(row["id"])
    assert {name: getattr(folded, name) for name in COMPARED} == {
        name: getattr(auction, name) for name in COMPARED
    }


def hashes(entries: Sequence[Entry]) -> list[str]:
    decided = [entry for entry in entries if isinstance(entry, DecidedBid | DecidedControl)]
    return [line.hash for entry in decided for line in entry.lines]
