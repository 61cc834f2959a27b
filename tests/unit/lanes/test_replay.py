"""A run of replays: its order, its limit and rate, and where it stops."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from lanes.dead_letter_list import DeadLetterList, DeadLetterSelection, StoredDeadLetter
from lanes.errors import (
    GoneError,
    NotFoundError,
    OutageError,
    RecordTooLargeError,
    UnacknowledgedError,
)
from lanes.handler import LaneTopic
from lanes.replay import LockedDeadLetter, RecordId, Replayer, ReplayOrder
from lanes.settings import LaneLimits
from lanes.text import Headers
from lanes.topic import Topic
from tests.platform.lists import ListLane, lane_topic

EVERYTHING = ReplayOrder(selection=DeadLetterSelection(), requested_by="tests")


@dataclass
class FakeDeadLetters:
    """Dead letters 1 to n of one partition, as the ports of the store see them."""

    held: dict[int, LockedDeadLetter]
    claimed: list[int] = field(default_factory=list)
    placed_at: list[int] = field(default_factory=list)

    def page(
        self,
        selection: DeadLetterSelection,
        *,
        after_id: int | None,
        limit: int,
        payload_bytes: int | None,
    ) -> list[StoredDeadLetter]:
        raise NotImplementedError

    def count(self, selection: DeadLetterSelection) -> int:
        return len(self.held)

    def unknown(self, selection: DeadLetterSelection) -> list[str]:
        return [str(each) for each in selection.ids or () if each not in self.held]

    def last_id(self) -> int:
        return max(self.held)

    def candidates(
        self, selection: DeadLetterSelection, *, up_to_id: int, after: RecordId | None, limit: int
    ) -> list[tuple[RecordId, int]]:
        first = 0 if after is None else after[2]
        found = [each for each in sorted(self.held) if first < each <= up_to_id]
        return [(("auction-bid", 0, each), each) for each in found[:limit]]

    def lock(self, transaction: object, letter_id: int) -> LockedDeadLetter:
        return self.held[letter_id]

    def claim(
        self, transaction: object, held: LockedDeadLetter, *, requested_by: str, forced: bool
    ) -> int:
        self.claimed.append(held.id)
        return held.id

    def mark_replayed(self, replay_id: int, *, partition: int, offset: int) -> None:
        self.placed_at.append(replay_id)

    def release(self, held: LockedDeadLetter, replay_id: int) -> None:
        self.claimed.remove(replay_id)


@dataclass
class Log:
    """Accepts every record except the values it has an error for."""

    errors: dict[bytes, Exception] = field(default_factory=dict)
    is_there: bool = True
    taken: list[tuple[bytes, str]] = field(default_factory=list)
    headers: Headers = ()

    def connect(self) -> None:
        if not self.is_there:
            raise OutageError

    def append(
        self,
        topic: str,
        partition: int,
        *,
        key: bytes | None,
        value: bytes,
        headers: Headers,
    ) -> int:
        if value in self.errors:
            raise self.errors[value]
        self.taken.append((value, dict(headers)["replay_count"].decode()))
        self.headers = headers
        return 100 + len(self.taken)


@dataclass
class Clock:
    """A clock that moves only by `sleep`."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@contextmanager
def begin() -> Iterator[object]:
    yield object()


def letter(number: int, *, replays: int = 0) -> LockedDeadLetter:
    return LockedDeadLetter(
        id=number,
        topic="chat-message",
        partition=0,
        raw_key=b"1",
        payload=b"%d" % number,
        replays=replays,
        again_id=None,
        has_settled=False,
        under_way=False,
    )


def stored_letters(*held: LockedDeadLetter) -> FakeDeadLetters:
    return FakeDeadLetters({each.id: each for each in held})


class NothingSettled(ListLane):
    """No record has had its effect."""

    def settled(self, transaction: Any, payloads: Sequence[bytes]) -> list[bool]:
        return [False for _ in payloads]


def replayer(
    store: FakeDeadLetters,
    log: Log,
    clock: Clock | None = None,
    lanes: Mapping[str, LaneTopic[Any]] | None = None,
) -> Replayer[Any]:
    ticking = clock or Clock()
    return Replayer(
        DeadLetterList(store, ["chat-message"]),
        store,
        log,
        begin=begin,
        lanes=lanes or {},
        limits=LaneLimits(),
        clock=ticking,
        sleep=ticking.sleep,
    )


def results(found: Iterator[object]) -> list[str]:
    return [f"{each.id} {each.code or each.result}" for each in found]  # type: ignore[attr-defined]


def test_lost_records_are_replayed_only_by_id() -> None:
    def lost(key: str, value: bytes) -> object:
        raise GoneError("UnknownUser", "user 7 was lost")

    topic = replace(lane_topic(Topic("chat-message", 1)), check=lost, handler=NothingSettled())
    store = stored_letters(letter(1), letter(2))
    replays = replayer(store, Log(), lanes={"chat-message": topic})
    assert results(replays.run(EVERYTHING)) == ["1 GONE", "2 GONE"]
    named = replace(EVERYTHING, selection=DeadLetterSelection(ids=[2]))
    assert "2 replayed" in results(replays.run(named))


def test_more_than_one_page_of_candidates_is_replayed_in_order() -> None:
    log = Log()
    store = stored_letters(*map(letter, range(1, 251)))
    list(replayer(store, log).run(EVERYTHING))
    assert [int(value) for value, _ in log.taken] == list(range(1, 251))
    assert store.placed_at == list(range(1, 251))


def test_a_run_does_not_replay_its_own_new_dead_letters() -> None:
    store, log = stored_letters(letter(1), letter(2)), Log()
    for result in replayer(store, log).run(EVERYTHING):
        store.held[result.id + 10] = letter(result.id + 10, replays=1)
    assert [value for value, _ in log.taken] == [b"1", b"2"]


def test_a_replay_keeps_its_rate() -> None:
    clock = Clock()
    store = stored_letters(*map(letter, range(1, 6)))
    list(replayer(store, Log(), clock).run(replace(EVERYTHING, per_s=4)))
    assert clock.now_s == pytest.approx(5 / 4)


def test_the_header_counts_on_from_what_the_letter_has_seen() -> None:
    log = Log()
    list(replayer(stored_letters(letter(1, replays=2)), log).run(EVERYTHING))
    assert log.taken == [(b"1", "3")]


def test_a_replay_keeps_the_headers_of_its_record() -> None:
    log, own = Log(), ("tenant", b"\xff")
    list(replayer(stored_letters(replace(letter(1), headers=[own])), log).run(EVERYTHING))
    assert log.headers == [own, ("replay_count", b"1")]


def test_each_skip_has_a_reason_and_only_the_limit_is_forced() -> None:
    held = [
        replace(letter(1), has_settled=True),
        replace(letter(2), again_id=9),
        replace(letter(3), under_way=True),
        letter(4, replays=3),
        letter(5),
        replace(letter(6), topic="chat-message@2026"),
    ]
    reported = ["1 SETTLED", "2 GIVEN_UP_AGAIN", "3 UNDER_WAY"]
    store = stored_letters(*held)
    found = results(replayer(store, Log()).run(EVERYTHING))
    assert found == [*reported, "4 LIMIT_REACHED", "5 replayed", "6 UNKNOWN_TOPIC"]
    found = results(replayer(store, Log()).run(replace(EVERYTHING, force=True)))
    assert found == [*reported, "4 replayed", "5 replayed", "6 UNKNOWN_TOPIC"]


def test_a_run_ends_at_an_unknown_append_and_keeps_its_claim() -> None:
    store = stored_letters(letter(1), letter(2), letter(3))
    log = Log({b"2": UnacknowledgedError()})
    assert results(replayer(store, log).run(EVERYTHING)) == ["1 replayed", "2 unknown"]
    assert (store.claimed, store.placed_at) == ([1, 2], [1])


def test_a_refused_append_does_not_count_as_a_replay() -> None:
    store = stored_letters(letter(1), letter(2), letter(3))
    run = replayer(store, Log({b"1": RecordTooLargeError(), b"3": OutageError()})).run(EVERYTHING)
    assert [next(run).code, next(run).result] == ["TOO_LARGE", "replayed"]
    with pytest.raises(OutageError):
        next(run)
    assert store.claimed == [2]


def test_without_kafka_nothing_is_claimed_but_dry_runs_work() -> None:
    store, unreachable = stored_letters(letter(1)), Log(is_there=False)
    with pytest.raises(OutageError):
        replayer(store, unreachable).run(EVERYTHING)
    found = replayer(store, unreachable).run(replace(EVERYTHING, dry_run=True))
    assert (results(found), store.claimed) == (["1 would_replay"], [])


def test_an_unknown_id_stops_a_run_before_it_begins() -> None:
    store = stored_letters(letter(1))
    with pytest.raises(NotFoundError, match="7"):
        replayer(store, Log()).run(replace(EVERYTHING, selection=DeadLetterSelection(ids=[1, 7])))
    assert store.claimed == []


def test_a_limited_replay_reports_that_there_are_more() -> None:
    settled = [replace(letter(each), has_settled=True) for each in (1, 2, 3)]
    some = replayer(stored_letters(*settled, letter(4)), Log())
    found, more = some.run_some(EVERYTHING, looked_at_max=3)
    assert ([each.id for each in found], more) == ([1, 2, 3], True)
    every = replayer(stored_letters(*settled), Log())
    assert every.run_some(EVERYTHING, looked_at_max=3)[1] is False


def test_results_before_an_outage_are_returned() -> None:
    store = stored_letters(letter(1), letter(2))
    some = replayer(store, Log({b"2": OutageError()}))
    found, more = some.run_some(EVERYTHING, looked_at_max=3)
    assert ([each.result for each in found], more) == (["replayed"], True)
    with pytest.raises(OutageError):
        replayer(store, Log({b"1": OutageError()})).run_some(EVERYTHING, looked_at_max=3)
