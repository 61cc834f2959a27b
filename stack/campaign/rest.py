"""Rest: nothing is on its way any more, and every client has seen everything."""

import time
from collections.abc import Callable, Sequence

import psycopg2
from kafka import KafkaConsumer, TopicPartition

from app.adapters.kafka.security import client_arguments
from app.protocol.topics import (
    AUCTION_BID,
    AUCTION_EVENT,
    BROADCAST_GROUP,
    CHAT_MESSAGE,
    SAVE_GROUP,
    Topic,
)
from app.settings import read_settings
from stack.campaign.ground import Ground
from stack.campaign.journal import Author, Frame
from stack.campaign.line import Line, LostError
from stack.campaign.load import Load
from stack.campaign.watcher import SEND_PAUSE_S, STATE, Scene, Watcher
from stack.slowness import Deadline

REST_S = 90.0
SHOWN_S = 15.0
POLL_S = 0.2
TIMEOUT_S = 5.0
# What is parked waits for a person: no fault of the campaign is a reason to park anything.
QUESTIONS = {
    "lots that are about to close": "SELECT count(*) FROM auctions "
    "WHERE status = 'open' AND ends_at < now() + interval '60 s'",
    "records in the inbox": "SELECT count(*) FROM inbox_waiting",
    "messages in the outbox": "SELECT count(*) FROM outbox",
    "parked lanes": "SELECT count(*) FROM parked_lanes",
    "parked partitions": "SELECT count(*) FROM parked_partitions",
}
INGESTED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM ingest_progress"
READ_BY = (
    (AUCTION_EVENT, BROADCAST_GROUP),
    (CHAT_MESSAGE, BROADCAST_GROUP),
    (CHAT_MESSAGE, SAVE_GROUP),
)


def come_to_rest(ground: Ground, load: Load) -> list[str]:
    """Wait for rest after `load.pause`; what did not come to rest in REST_S, in words."""
    unrest = _wait(lambda: _unrest(ground, load), REST_S)
    look = Look(load.scene, [*load.watchers, *load.bidders])
    behind = _wait(look.again, SHOWN_S)
    look.write()
    return [*unrest, *behind]


class Look:
    """A look at all screens, and at what a newcomer is shown of the same lots at that time."""

    def __init__(self, scene: Scene, clients: Sequence[Watcher]) -> None:
        self._scene, self._clients = scene, clients
        self._screens: list[tuple[Author, Frame]] = []
        self._fresh: dict[int, Frame] = {}

    def again(self) -> list[str]:
        """Look anew; which screens do not show what the newcomer's does, in words."""
        screens = [
            (one.author, state) for one in self._clients for state in list(one.shown.values())
        ]
        try:
            fresh = _fresh(self._scene, {state["auction_id"] for _, state in screens})
        except LostError as lost:
            return [f"a newcomer is turned away: {lost}"]
        self._screens, self._fresh = screens, fresh
        return [
            f"{author.client} shows version {state['version']} of {state['auction_id']}, "
            f"a newcomer {fresh[state['auction_id']]['version']}"
            for author, state in screens
            if state != fresh[state["auction_id"]]
        ]

    def write(self) -> None:
        """What was seen last goes into the journal."""
        journal, newcomer = self._scene.journal, Author("newcomer", None, "ws")
        for state in self._fresh.values():
            journal.write(newcomer, "shown", _frame("fresh", state))
        for author, state in self._screens:
            journal.write(author, "shown", _frame("reconnected", state))


def _wait(question: Callable[[], list[str]], patience_s: float) -> list[str]:
    deadline = Deadline(patience_s)
    found = question()
    while found and not deadline.passed():
        time.sleep(POLL_S)
        found = question()
    return found


def _unrest(ground: Ground, load: Load) -> list[str]:
    if load.open_ends:
        return [f"{load.open_ends} bids or messages without an answer"]
    asked = ", ".join(f"({question})" for question in (*QUESTIONS.values(), INGESTED))
    try:
        ((*counts, taken),) = ground.sql(f"SELECT {asked}")
    except psycopg2.Error as error:
        return [f"the database: {error}"]
    found = [f"{count} {what}" for what, count in zip(QUESTIONS, counts, strict=True) if count]
    return found or _unread_records(ground, taken)


def _unread_records(ground: Ground, taken: int) -> list[str]:
    """Of topics that are read in order, what their readers have not come to."""
    untaken = sum(_ends(ground, AUCTION_BID).values()) - taken
    unread = {f"{group} of {topic.name}": _unread(ground, topic, group) for topic, group in READ_BY}
    waiting = {"ingest of auction-bid": untaken, **unread}
    return [f"{count} records wait for {whom}" for whom, count in waiting.items() if count]


def _unread(ground: Ground, topic: Topic, group: str) -> int:
    consumer = _consumer(ground, group)
    try:
        ends = _ends(ground, topic)
        done = {part: consumer.committed(part) or 0 for part in ends}
    finally:
        consumer.close()
    return sum(max(0, end - done[part]) for part, end in ends.items())


def _ends(ground: Ground, topic: Topic) -> dict[TopicPartition, int]:
    consumer = _consumer(ground, None)
    try:
        parts = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        ends: dict[TopicPartition, int] = consumer.end_offsets(parts)
    finally:
        consumer.close()
    return ends


def _consumer(ground: Ground, group: str | None) -> KafkaConsumer:
    settings = read_settings(ground.stack.environment())
    return KafkaConsumer(**client_arguments(settings), group_id=group, enable_auto_commit=False)


def _frame(by: str, state: Frame) -> Frame:
    return {"auction_id": state["auction_id"], "by": by, "state": state}


def _fresh(scene: Scene, lots: set[int]) -> dict[int, Frame]:
    """What a guest who comes now is shown of these lots."""
    line = Line(scene.door)
    found: dict[int, Frame] = {}
    try:
        line.send({"type": "auth"})
        for auction_id in sorted(lots):
            time.sleep(SEND_PAUSE_S)
            line.send({"type": "subscribe", "channel": f"auction:{auction_id}"})
        deadline = Deadline(TIMEOUT_S)
        while len(found) < len(lots):
            frame = line.receive(POLL_S)
            if frame is not None and frame["type"] == "subscribed":
                auction = {**frame["auction"], "auction_id": frame["auction"]["id"]}
                found[auction["auction_id"]] = {name: auction[name] for name in STATE}
            if deadline.passed():
                raise LostError(0, f"{len(lots) - len(found)} snapshots did not come")
    finally:
        line.close()
    return found
