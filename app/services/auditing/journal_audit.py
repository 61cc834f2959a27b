"""Compares what clients received and displayed with Kafka, the stores and each other: I1, I5, I13
and I14."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Never
from uuid import UUID

import msgspec

from app.protocol.journal import JournalLine
from app.protocol.outcomes import Outcome
from app.protocol.records import BidValue, auction_bid_decoder, receipt_of
from app.protocol.topics import AUCTION_BID
from app.services.auditing import journals
from app.services.auditing.chat import ChatSources, repeats
from app.services.auditing.journals import JournalReader
from app.services.batches import batches
from app.services.bidding import KnownBid
from lanes.audit import AuditContext, CheckResult, LogReader, LogRecord, Scratch

BATCH_ITEMS = 500

Journal = Callable[[], Iterable[JournalLine]]
Decided = Callable[[Sequence[UUID]], list[KnownBid]]


class NoJournal:
    """Replaces the audit of journals when there are none: reports what is not checked."""

    def run(self, context: AuditContext[object]) -> None:
        """Record the gaps."""
        for invariant in ("I1", "I13"):
            context.results[invariant].gaps.append("it needs --journal")
        for invariant in ("I5", "I14"):
            context.results[invariant].gaps.append("what clients were told needs --journal")


class JournalAudit:
    """Reads journals into sorted tables, then checks table by table."""

    def __init__(
        self, files: Sequence[Journal], decided: Decided, chat: ChatSources[Never]
    ) -> None:
        self._files, self._decided, self._chat = files, decided, chat
        self._log: LogReader = chat.log
        self._scratch: Scratch = chat.scratch

    def run(self, context: AuditContext[object]) -> None:
        """Check what all journals contain. Raise JournalError for one that cannot be read."""
        results = context.results
        selection = context.selections[AUCTION_BID.name]
        reader = JournalReader(self._scratch, selection, results)
        for lines in self._files:
            reader.read(lines())
        self._check_receipts(results["I1"])
        self._check_answers(results["I5"])
        self._check_shown(results["I13"])
        self._check_pushed(results["I14"])
        if context.scope.sample:
            results["I14"].gaps.append("whether acknowledged messages are stored: under load")
        else:
            self._check_acknowledged(results["I14"])

    def _check_receipts(self, result: CheckResult) -> None:
        ends = {part: end for part, (_, end) in self._log.bounds(AUCTION_BID).items()}
        by_partition = groupby(self._scratch.sorted(journals.RECEIPTS), key=itemgetter(0))
        for partition, receipts in by_partition:
            self._check_partition(result, partition, receipts, ends.get(partition, 0))

    def _check_partition(
        self,
        result: CheckResult,
        partition: int,
        receipts: Iterable[tuple[Any, int, str]],
        end: int,
    ) -> None:
        records: Iterator[LogRecord] | None = None
        record: LogRecord | None = None
        for _, offset, text in receipts:
            if records is None:
                records = self._log.read(AUCTION_BID.name, partition, first=offset, until=end)
                record = next(records, None)
            while record is not None and record.offset < offset:
                record = next(records, None)
            client, receipt = msgspec.json.decode(text)
            found = None if record is None or record.offset != offset else _receipt(record)
            where = f"{AUCTION_BID.name}/{partition}/{offset} told to {client}"
            result.check(
                receipt == found, f"{where}: the receipt says {receipt}, the log has {found}"
            )

    def _check_answers(self, result: CheckResult) -> None:
        by_bid = (
            (bid_id, [msgspec.json.decode(text) for _, _, text in answers])
            for bid_id, answers in groupby(
                self._scratch.sorted(journals.ANSWERS), key=itemgetter(0)
            )
        )
        for batch in batches(by_bid, BATCH_ITEMS):
            known = self._decided([UUID(bid_id) for bid_id, _ in batch])
            stored = {bid.receipt.bid_id: bid.outcome for bid in known}
            for bid_id, answers in batch:
                fault = _answer_fault(answers, stored.get(bid_id))
                result.check(fault is None, f"bid {bid_id}: {fault}")

    def _check_shown(self, result: CheckResult) -> None:
        by_auction = groupby(self._scratch.sorted(journals.SHOWN), key=itemgetter(0))
        for auction_id, items in by_auction:
            shown = [(at_ms, *msgspec.json.decode(text)) for _, at_ms, text in items]
            fresh = [item for item in shown if item[2] == "fresh"]
            for item in shown:
                if item[2] == "reconnected" and fresh:
                    _compare_shown(result, f"auction {auction_id}", item, fresh)

    def _check_pushed(self, result: CheckResult) -> None:
        for items in batches(self._scratch.sorted(journals.PUSHED), BATCH_ITEMS):
            stored = self._stored(items)
            for message_id, seq, text in items:
                client, channel = msgspec.json.decode(text)
                where = f"{client} {channel} message {message_id}: pushed with seq {seq}"
                message = stored.get(message_id)
                if message is not None:
                    is_consistent = message.seq == seq or repeats(self._chat, message, seq)
                    result.check(is_consistent, f"{where}, stored with {message.seq}")

    def _check_acknowledged(self, result: CheckResult) -> None:
        for items in batches(self._scratch.sorted(journals.ACKNOWLEDGED), BATCH_ITEMS):
            stored = self._stored(items)
            for message_id, room_id, text in items:
                message = stored.get(message_id)
                where = f"room {room_id} message {message_id} acknowledged to {text}"
                is_there = message is not None and message.room_id == room_id
                result.check(is_there, f"{where} is not stored")

    def _stored(self, items: Sequence[tuple[Any, int, str]]) -> dict[str, Any]:
        ids = sorted({message_id for message_id, _, _ in items})
        return {message.message_id: message for message in self._chat.store.stored(ids)}


def _receipt(record: LogRecord) -> dict[str, Any] | None:
    """Return the receipt of this record; None when it is not a bid."""
    try:
        value = auction_bid_decoder.decode(record.value)
    except ValueError:
        return None
    if not isinstance(value, BidValue):
        return None
    receipt = receipt_of(
        value, partition=record.partition, offset=record.offset, log_time=record.log_time
    )
    return msgspec.structs.asdict(receipt)


def _answer_fault(answers: Sequence[Any], stored: Outcome | None) -> str | None:
    """Return what is wrong with `answers`, which are (client, outcome) in order of time; None:
    nothing."""
    status = Outcome.__struct_fields__.index("status")
    final = [outcome for _, outcome in answers if outcome[status] != "failed"]
    if not final:
        return None
    if any(outcome != final[0] for outcome in final):
        return f"two answers were told: {final[0]} and {_other(final)}"
    answered: set[str] = set()
    for client, outcome in answers:
        if outcome[status] != "failed":
            answered.add(client)
        elif client in answered:
            return f"{client} was told that it failed, after its answer"
    if stored is None or list(msgspec.structs.astuple(stored)) != final[0]:
        return f"{final[0]} was told, stored is {stored}"
    return None


def _other(final: Sequence[Any]) -> object:
    return next(outcome for outcome in final if outcome != final[0])


def _compare_shown(
    result: CheckResult, where: str, item: Sequence[Any], fresh: Sequence[Any]
) -> None:
    """Compare with what the fresh client nearest in time displayed."""
    at_ms, client, _, state = item
    _, other, _, expected = min(fresh, key=lambda candidate: abs(candidate[0] - at_ms))
    names = sorted(state.keys() | expected.keys())
    wrong = [
        f"{name} {state.get(name)}, not {expected.get(name)}"
        for name in names
        if state.get(name) != expected.get(name)
    ]
    result.check(not wrong, f"{where}: {client} shows, other than {other}: {'; '.join(wrong)}")
