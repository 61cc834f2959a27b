"""Rest: nothing is on its way any more, and every client has seen everything."""

import time
from collections.abc import Callable

import psycopg2
from kafka import KafkaConsumer, TopicPartition

from app.protocol.topics import (
    AUCTION_BID,
    AUCTION_EVENT,
    BROADCAST_GROUP,
    CHAT_MESSAGE,
    SAVE_GROUP,
    Topic,
)
from stack.campaign.ground import Ground
from stack.campaign.journal import Author
from stack.campaign.line import Line, LostError
from stack.campaign.load import Load
from stack.campaign.watcher import SEND_PAUSE_S, STATE

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
TAKEN = "SELECT coalesce(sum(next_offset), 0)::bigint FROM ingest_progress"
READ_BY = (
    (AUCTION_EVENT, BROADCAST_GROUP),
    (CHAT_MESSAGE, BROADCAST_GROUP),
    (CHAT_MESSAGE, SAVE_GROUP),
)


def come_to_rest(ground: Ground, load: Load) -> list[str]:
    """Wait for rest after `load.pause`; what did not come to rest in REST_S, in words."""
    unrest = _wait(lambda: _unrest(ground, load), REST_S)
    shown = _wait(lambda: _write_shown(load, final=False), SHOWN_S)
    _write_shown(load, final=True)
    return [*unrest, *shown]


def _wait(question: Callable[[], list[str]], patience_s: float) -> list[str]:
    deadline = time.monotonic() + patience_s
    found = question()
    while found and time.monotonic() < deadline:
        time.sleep(POLL_S)
        found = question()
    return found


def _unrest(ground: Ground, load: Load) -> list[str]:
    if load.open_ends:
        return [f"{load.open_ends} bids or messages without an answer"]
    asked = ", ".join(f"({question})" for question in (*QUESTIONS.values(), TAKEN))
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
    servers = ground.stack.addresses()["KAFKA_BOOTSTRAP_SERVERS"]
    return KafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)


def _write_shown(load: Load, *, final: bool) -> list[str]:
    """Compare all screens with those of a newcomer; with `final` write both into the journal."""
    screens = {client: dict(client.shown) for client in (*load.watchers, *load.bidders)}
    lots = sorted({auction_id for shown in screens.values() for auction_id in shown})
    try:
        fresh = _fresh(load, lots)
    except LostError as lost:
        return [f"a newcomer is turned away: {lost}"]
    behind = [
        f"{client.name} shows version {state['version']} of {auction_id}, "
        f"a newcomer {fresh[auction_id]['version']}"
        for client, shown in screens.items()
        for auction_id, state in shown.items()
        if state != fresh[auction_id]
    ]
    if final:
        journal, newcomer = load.scene.journal, Author("newcomer", None, "ws")
        for auction_id, state in fresh.items():
            journal.write(newcomer, "shown", _frame(auction_id, "fresh", state))
        for client, shown in screens.items():
            for auction_id, state in shown.items():
                journal.write(client.author, "shown", _frame(auction_id, "reconnected", state))
    return behind


def _frame(auction_id: int, by: str, state: dict[str, object]) -> dict[str, object]:
    return {"auction_id": auction_id, "by": by, "state": state}


def _fresh(load: Load, lots: list[int]) -> dict[int, dict[str, object]]:
    """What a guest who comes now is shown of these lots."""
    line = Line(load.scene.door)
    found: dict[int, dict[str, object]] = {}
    try:
        line.send({"type": "auth"})
        for auction_id in lots:
            time.sleep(SEND_PAUSE_S)
            line.send({"type": "subscribe", "channel": f"auction:{auction_id}"})
        deadline = time.monotonic() + TIMEOUT_S
        while len(found) < len(lots):
            frame = line.receive(POLL_S)
            if frame is not None and frame["type"] == "subscribed":
                auction = {**frame["auction"], "auction_id": frame["auction"]["id"]}
                found[auction["auction_id"]] = {name: auction[name] for name in STATE}
            if time.monotonic() > deadline:
                raise LostError(0, f"{len(lots) - len(found)} snapshots did not come")
    finally:
        line.close()
    return found
