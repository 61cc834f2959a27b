"""I11: every state of an auction is published, in version order, and none before its commit.

Relaying is at least once, so what was published may come again, from any earlier version on; what
may not come is a version whose predecessor was never published.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

import msgspec

from app.protocol.topics import AUCTION_BID, AUCTION_EVENT
from app.services.auditing.ports import Examination, LogReader, LogRecord, Selection
from app.services.auditing.rows import AuctionRows
from app.services.auditing.tallies import Tally
from app.services.transactions import Transaction

CLOCKS_APART_MAX = timedelta(hours=1)  # of the broker, and of who dates an auction's creation


class Outbox(Protocol):
    """What waits to be published."""

    def outbox(self, transaction: Transaction, topic: str) -> Iterator[tuple[str, str]]:
        """(key, payload) of every message that waits to be sent to this topic, in order."""
        ...


class _Published(msgspec.Struct):
    auction_id: int
    version: int


_decoder = msgspec.json.Decoder(_Published)


class EventAudit:
    """Reads `auction-event` as far back as it is kept."""

    def __init__(self, log: LogReader, rows: AuctionRows, outbox: Outbox) -> None:
        self._log, self._rows, self._outbox = log, rows, outbox

    def run(self, examination: Examination) -> None:
        """Judge what is published of the selected auctions."""
        selection = examination.selections[AUCTION_BID.name]
        tally = examination.tallies["I11"]
        last: dict[int, int] = {}
        whole = True
        for partition, (first, start, end) in self._spans(selection).items():
            whole = whole and first == 0
            for record in self._log.read(AUCTION_EVENT.name, partition, first=start, until=end):
                if record.lane in selection:
                    _follow(tally, record, last, from_creation=first == 0 or start > first)
        if not whole:
            tally.gaps.append(f"what {AUCTION_EVENT.name} does not keep any more")
        self._compare(examination, selection, last, whole=whole)

    def _spans(self, selection: Selection) -> dict[int, tuple[int, int, int]]:
        """Per partition the first offset kept, where to start, and the end."""
        bounds = self._log.bounds(AUCTION_EVENT)
        starts = {partition: first for partition, (first, _) in bounds.items()}
        if selection.begins_at is not None:
            begins_at = selection.begins_at - CLOCKS_APART_MAX
            starts = self._log.offsets_at(AUCTION_EVENT, begins_at)
        return {
            partition: (first, starts[partition], end) for partition, (first, end) in bounds.items()
        }

    def _compare(
        self, examination: Examination, selection: Selection, last: dict[int, int], *, whole: bool
    ) -> None:
        """Up to the version of each row, less what waits in the outbox."""
        tally, ahead = examination.tallies["I11"], {}
        waiting = self._waiting(examination)
        for auction_id, version in self._rows.versions(examination.transaction, selection):
            published = last.get(auction_id)
            due = waiting.get(auction_id, version + 1) - 1
            if published is None:
                if whole:
                    tally.judge(due < 0, f"auction {auction_id}: nothing of it is published")
            elif published > version:
                ahead[auction_id] = published
            else:
                line = f"auction {auction_id}: version {due} is missing, {published} is the last"
                tally.judge(published >= due, line)
        self._check_committed(tally, ahead)

    def _waiting(self, examination: Examination) -> dict[int, int]:
        """By auction the first version that waits to be published."""
        waiting: dict[int, int] = {}
        for _, payload in self._outbox.outbox(examination.transaction, AUCTION_EVENT.name):
            message = _decoder.decode(payload)
            waiting.setdefault(message.auction_id, message.version)
        return waiting

    def _check_committed(self, tally: Tally, ahead: dict[int, int]) -> None:
        """What was published after the snapshot must be committed by now."""
        committed = self._rows.versions_now(ahead) if ahead else {}
        for auction_id, published in ahead.items():
            line = f"auction {auction_id}: version {published} is published and not committed"
            tally.judge(published <= committed.get(auction_id, -1), line)


def _follow(tally: Tally, record: LogRecord, last: dict[int, int], *, from_creation: bool) -> None:
    """The next message of an auction; `from_creation`: an older one of it would still be there."""
    try:
        message = _decoder.decode(record.value)
    except ValueError:
        tally.judge(False, f"{record} cannot be read")  # noqa: FBT003
        return
    auction_id, version = message.auction_id, message.version
    before = last.get(auction_id, -1 if from_creation else version - 1)
    line = f"{record} auction {auction_id}: version {version} follows {before}"
    if before < 0:
        line = f"{record} auction {auction_id}: version {version} is the first published"
    tally.judge(version <= before + 1, line)
    last[auction_id] = max(before, version)
