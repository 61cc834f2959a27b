"""What clients were told and shown, held against the log, the stores and each other: I1, I5, I13
and I14."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec

from app.domain.time import rfc3339
from app.protocol.journal import JournalLine
from app.protocol.outcomes import Outcome, Receipt
from app.protocol.records import BidValue, auction_bid_decoder
from app.protocol.topics import AUCTION_BID
from app.services.auditing import journals
from app.services.auditing.batches import batches
from app.services.auditing.chat import ChatSources, repeats
from app.services.auditing.journals import JournalReader
from app.services.auditing.ports import Examination, LogReader, LogRecord, Scratch
from app.services.auditing.tallies import Tally
from app.services.bidding import KnownBid

ASKED_AT_ONCE = 500

Journal = Callable[[], Iterable[JournalLine]]
Decided = Callable[[Sequence[UUID]], list[KnownBid]]


class NoJournal:
    """Stands for the audit of journals when there are none: says what is not checked."""

    def run(self, examination: Examination) -> None:
        """Judge nothing."""
        for invariant in ("I1", "I13"):
            examination.tallies[invariant].gaps.append("it needs --journal")
        for invariant in ("I5", "I14"):
            examination.tallies[invariant].gaps.append("what clients were told needs --journal")


class JournalAudit:
    """Reads journals, then judges shelf by shelf."""

    def __init__(self, files: Sequence[Journal], decided: Decided, chat: ChatSources) -> None:
        self._files, self._decided, self._chat = files, decided, chat
        self._log: LogReader = chat.log
        self._scratch: Scratch = chat.scratch

    def run(self, examination: Examination) -> None:
        """Judge what all journals say. Raises JournalError."""
        tallies = examination.tallies
        selection = examination.selections[AUCTION_BID.name]
        reader = JournalReader(self._scratch, selection, tallies)
        for lines in self._files:
            reader.read(lines())
        self._check_receipts(tallies["I1"])
        self._check_answers(tallies["I5"])
        self._check_shown(tallies["I13"])
        self._check_pushed(tallies["I14"])
        if examination.scope.sample:
            tallies["I14"].gaps.append("whether acknowledged messages are stored: under load")
        else:
            self._check_acknowledged(tallies["I14"])

    def _check_receipts(self, tally: Tally) -> None:
        ends = {part: end for part, (_, end) in self._log.bounds(AUCTION_BID).items()}
        by_partition = groupby(self._scratch.sorted(journals.RECEIPTS), key=itemgetter(0))
        for partition, receipts in by_partition:
            self._check_partition(tally, partition, receipts, ends.get(partition, 0))

    def _check_partition(
        self, tally: Tally, partition: int, receipts: Iterable[tuple[Any, int, str]], end: int
    ) -> None:
        records: Iterator[LogRecord] | None = None
        record: LogRecord | None = None
        for _, offset, text in receipts:
            if records is None:
                records = self._log.read(AUCTION_BID.name, partition, first=offset, until=end)
                record = next(records, None)
            while record is not None and record.offset < offset:
                record = next(records, None)
            client, said = msgspec.json.decode(text)
            found = None if record is None or record.offset != offset else _receipt(record)
            where = f"{AUCTION_BID.name}/{partition}/{offset} told to {client}"
            tally.judge(said == found, f"{where}: the receipt says {said}, the log has {found}")

    def _check_answers(self, tally: Tally) -> None:
        by_bid = (
            (bid_id, [msgspec.json.decode(text) for _, _, text in told])
            for bid_id, told in groupby(self._scratch.sorted(journals.ANSWERS), key=itemgetter(0))
        )
        for asked in batches(by_bid, ASKED_AT_ONCE):
            known = self._decided([UUID(bid_id) for bid_id, _ in asked])
            stored = {bid.receipt.bid_id: bid.outcome for bid in known}
            for bid_id, told in asked:
                fault = _answer_fault(told, stored.get(bid_id))
                tally.judge(fault is None, f"bid {bid_id}: {fault}")

    def _check_shown(self, tally: Tally) -> None:
        by_auction = groupby(self._scratch.sorted(journals.SHOWN), key=itemgetter(0))
        for auction_id, items in by_auction:
            shown = [(at_ms, *msgspec.json.decode(text)) for _, at_ms, text in items]
            fresh = [item for item in shown if item[2] == "fresh"]
            for item in shown:
                if item[2] == "reconnected" and fresh:
                    _compare_shown(tally, f"auction {auction_id}", item, fresh)

    def _check_pushed(self, tally: Tally) -> None:
        for items in batches(self._scratch.sorted(journals.PUSHED), ASKED_AT_ONCE):
            stored = self._stored(items)
            for message_id, seq, text in items:
                client, channel = msgspec.json.decode(text)
                where = f"{client} {channel} message {message_id}: pushed with seq {seq}"
                message = stored.get(message_id)
                if message is not None:
                    agrees = message.seq == seq or repeats(self._chat, message, seq)
                    tally.judge(agrees, f"{where}, stored with {message.seq}")

    def _check_acknowledged(self, tally: Tally) -> None:
        for items in batches(self._scratch.sorted(journals.ACKNOWLEDGED), ASKED_AT_ONCE):
            stored = self._stored(items)
            for message_id, room_id, text in items:
                message = stored.get(message_id)
                where = f"room {room_id} message {message_id} acknowledged to {text}"
                is_there = message is not None and message.room_id == room_id
                tally.judge(is_there, f"{where} is not stored")

    def _stored(self, items: Sequence[tuple[Any, int, str]]) -> dict[str, Any]:
        ids = sorted({message_id for message_id, _, _ in items})
        return {message.message_id: message for message in self._chat.store.stored(ids)}


def _receipt(record: LogRecord) -> dict[str, Any] | None:
    """The receipt of this record; None when it is no bid."""
    try:
        value = auction_bid_decoder.decode(record.value)
    except ValueError:
        return None
    if not isinstance(value, BidValue):
        return None
    receipt = Receipt(
        bid_id=str(value.bid_id),
        key=value.key,
        auction_id=value.auction_id,
        amount=value.amount,
        kind=value.kind,
        partition=record.partition,
        offset=record.offset,
        log_time=rfc3339(record.log_time),
    )
    return msgspec.structs.asdict(receipt)


def _answer_fault(told: Sequence[Any], stored: Outcome | None) -> str | None:
    """`told` are (client, outcome) in the order of time."""
    status = Outcome.__struct_fields__.index("status")
    final = [outcome for _, outcome in told if outcome[status] != "failed"]
    if not final:
        return None
    if any(outcome != final[0] for outcome in final):
        return f"two answers were told: {final[0]} and {_other(final)}"
    answered: set[str] = set()
    for client, outcome in told:
        if outcome[status] != "failed":
            answered.add(client)
        elif client in answered:
            return f"{client} was told that it failed, after its answer"
    if stored is None or list(msgspec.structs.astuple(stored)) != final[0]:
        return f"{final[0]} was told, stored is {stored}"
    return None


def _other(final: Sequence[Any]) -> object:
    return next(outcome for outcome in final if outcome != final[0])


def _compare_shown(tally: Tally, where: str, item: Sequence[Any], fresh: Sequence[Any]) -> None:
    """With what the fresh client nearest in time was shown."""
    at_ms, client, _, state = item
    _, other, _, expected = min(fresh, key=lambda candidate: abs(candidate[0] - at_ms))
    names = sorted(state.keys() | expected.keys())
    wrong = [
        f"{name} {state.get(name)}, not {expected.get(name)}"
        for name in names
        if state.get(name) != expected.get(name)
    ]
    tally.judge(not wrong, f"{where}: {client} shows, other than {other}: {'; '.join(wrong)}")
