"""I11: every state of an auction is published, in version order, and none before its commit.

The relay delivers at least once, so states may repeat from any earlier version on; a version whose
predecessor was never published is a violation.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from app.protocol.records import auction_version_decoder
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT
from app.services.auditing.rows import AuctionRows, T_contra
from lanes.audit import AuditContext, CheckResult, LogReader, LogRecord, Selection

T = TypeVar("T")

CLOCKS_APART_MAX = timedelta(hours=1)  # of the broker, and of who dates an auction's creation


class Outbox(Protocol[T_contra]):
    """Messages waiting to be published."""

    def outbox(self, transaction: T_contra, topic: str) -> Iterator[tuple[str, str]]:
        """Yield (key, payload) of every message waiting for this topic, in order."""
        ...


class EventAudit(Generic[T]):
    """Reads `auction-event` as far back as it is retained."""

    def __init__(self, log: LogReader, rows: AuctionRows[T], outbox: Outbox[T]) -> None:
        self._log, self._rows, self._outbox = log, rows, outbox

    def run(self, context: AuditContext[T]) -> None:
        """Check the published states of the selected auctions."""
        selection = context.selections[AUCTION_BID.name]
        result = context.results["I11"]
        last: dict[int, int] = {}
        whole = True
        for partition, (first, start, end) in self._spans(selection).items():
            whole = whole and first == 0
            for record in self._log.read(AUCTION_EVENT.name, partition, first=start, until=end):
                if record.lane in selection:
                    _follow(result, record, last, from_creation=first == 0 or start > first)
        if not whole:
            result.gaps.append(f"what {AUCTION_EVENT.name} does not keep any more")
        self._compare(context, selection, last, whole=whole)

    def _spans(self, selection: Selection) -> dict[int, tuple[int, int, int]]:
        """Return by partition the first offset retained, the offset to start from, and the end."""
        bounds = self._log.bounds(AUCTION_EVENT)
        starts = {partition: first for partition, (first, _) in bounds.items()}
        if selection.begins_at is not None:
            begins_at = selection.begins_at - CLOCKS_APART_MAX
            starts = self._log.offsets_at(AUCTION_EVENT, begins_at)
        return {
            partition: (first, starts[partition], end) for partition, (first, end) in bounds.items()
        }

    def _compare(
        self, context: AuditContext[T], selection: Selection, last: dict[int, int], *, whole: bool
    ) -> None:
        """Compare with the version of each row, less what waits in the outbox."""
        result, ahead = context.results["I11"], {}
        waiting = self._waiting(context)
        for auction_id, version in self._rows.versions(context.transaction, selection):
            published = last.get(auction_id)
            due = waiting.get(auction_id, version + 1) - 1
            if published is None:
                if whole:
                    result.check(due < 0, f"auction {auction_id}: nothing of it is published")
            elif published > version:
                ahead[auction_id] = published
            else:
                line = f"auction {auction_id}: version {due} is missing, {published} is the last"
                result.check(published >= due, line)
        self._check_committed(result, ahead)

    def _waiting(self, context: AuditContext[T]) -> dict[int, int]:
        """Return by auction the first version waiting to be published."""
        waiting: dict[int, int] = {}
        for _, payload in self._outbox.outbox(context.transaction, AUCTION_EVENT.name):
            message = auction_version_decoder.decode(payload)
            waiting.setdefault(message.auction_id, message.version)
        return waiting

    def _check_committed(self, result: CheckResult, ahead: dict[int, int]) -> None:
        """Check that what was published after the snapshot is committed by now."""
        committed = self._rows.versions_now(ahead) if ahead else {}
        for auction_id, published in ahead.items():
            line = f"auction {auction_id}: version {published} is published and not committed"
            result.check(published <= committed.get(auction_id, -1), line)


def _follow(
    result: CheckResult, record: LogRecord, last: dict[int, int], *, from_creation: bool
) -> None:
    """Check the next message of an auction; `from_creation`: an older message of it would still be
    retained."""
    try:
        message = auction_version_decoder.decode(record.value)
    except ValueError:
        result.check(False, f"{record} cannot be read")  # noqa: FBT003
        return
    auction_id, version = message.auction_id, message.version
    before = last.get(auction_id, -1 if from_creation else version - 1)
    line = f"{record} auction {auction_id}: version {version} follows {before}"
    if before < 0:
        line = f"{record} auction {auction_id}: version {version} is the first published"
    result.check(version <= before + 1, line)
    last[auction_id] = max(before, version)
