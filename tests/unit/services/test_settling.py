"""Records about rows that a restore has lost are refused before they are ingested."""

import msgspec
import pytest

from app.protocol.records import BidValue, CancelValue, CloseValue, ReserveValue
from app.services.epochs import AUCTIONS, USERS, LostIds
from app.services.rejected_records import UNKNOWN_AUCTION, UNKNOWN_USER
from app.services.settling import check_known
from lanes.errors import GoneError
from tests.bid_values import bid_value

GONE = LostIds({USERS: [(8, 20)], AUCTIONS: [(30, 40)]})


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (bid_value(8, 29), UNKNOWN_USER),
        (bid_value(7, 30), UNKNOWN_AUCTION),
        (CancelValue(v=1, auction_id=29, actor_id=20, reason=None), UNKNOWN_USER),
        (ReserveValue(v=1, auction_id=40, actor_id=7, reserve_price=1), UNKNOWN_AUCTION),
        (CloseValue(v=1, auction_id=35), UNKNOWN_AUCTION),
        (bid_value(7, 29), None),
        (bid_value(21, 41), None),
        (CloseValue(v=1, auction_id=29), None),
    ],
)
def test_only_records_of_lost_rows_are_refused(
    record: BidValue | CancelValue | ReserveValue | CloseValue, reason: str | None
) -> None:
    key, value = str(record.auction_id), msgspec.json.encode(record)
    if reason is None:
        check_known(key, value, lost_ids=lambda: GONE)
    else:
        with pytest.raises(GoneError) as refusal:
            check_known(key, value, lost_ids=lambda: GONE)
        assert refusal.value.reason == reason
    check_known(key, value, lost_ids=LostIds)
