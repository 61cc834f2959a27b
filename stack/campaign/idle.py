"""Waiting until the system is idle: nothing is in flight, and every client shows the last state."""

import time
from collections.abc import Callable, Sequence

import psycopg2

from app.protocol.topics import (
    AUCTION_BID,
    AUCTION_EVENT,
    BROADCAST_GROUP,
    CHAT_MESSAGE,
    SAVE_GROUP,
)
from lanes.topic import Topic
from stack.campaign.environment import Environment
from stack.campaign.journal import Author
from stack.campaign.load import Load
from stack.campaign.watcher import SEND_PAUSE_S, STATE, Context, Watcher
from stack.slowness import Deadline
from stack.websocket_client import ConnectionLostError, Frame

IDLE_S = 90.0
SHOWN_S = 15.0
POLL_S = 0.2
TIMEOUT_S = 5.0
# What is parked waits for a person: no fault of the campaign is a reason to park anything.
COUNTS = {
    "lots that are about to close": "SELECT count(*) FROM auctions "
    "WHERE status = 'open' AND ends_at < now() + interval '60 s'",
    "records in the inbox": "SELECT count(*) FROM inbox_waiting",
    "messages in the outbox": "SELECT count(*) FROM lanes.outbox",
    "parked lanes": "SELECT count(*) FROM lanes.parked_lanes",
    "parked partitions": "SELECT count(*) FROM lanes.parked_partitions",
}
INGESTED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM lanes.ingest_progress"
READ_BY = (
    (AUCTION_EVENT, BROADCAST_GROUP),
    (CHAT_MESSAGE, BROADCAST_GROUP),
    (CHAT_MESSAGE, SAVE_GROUP),
)


def wait_until_idle(environment: Environment, load: Load) -> list[str]:
    """Wait after `load.pause` until nothing is in flight. Return what is still in flight."""
    unfinished = _wait(lambda: _unfinished(environment, load), IDLE_S)
    comparison = ScreenComparison(load.context, [*load.watchers, *load.bidders])
    behind = _wait(comparison.compare, SHOWN_S)
    comparison.write()
    return [*unfinished, *behind]


class ScreenComparison:
    """Compares what all clients show with the snapshots that a new client gets of the same lots."""

    def __init__(self, context: Context, clients: Sequence[Watcher]) -> None:
        self._context, self._clients = context, clients
        self._screens: list[tuple[Author, Frame]] = []
        self._snapshots: dict[int, Frame] = {}

    def compare(self) -> list[str]:
        """Compare again. Return which clients do not show the snapshot of a new client."""
        screens = [
            (one.author, state) for one in self._clients for state in list(one.shown.values())
        ]
        try:
            snapshots = _snapshots(self._context, {state["auction_id"] for _, state in screens})
        except ConnectionLostError as lost:
            return [f"a newcomer is turned away: {lost}"]
        self._screens, self._snapshots = screens, snapshots
        return [
            f"{author.client} shows version {state['version']} of {state['auction_id']}, "
            f"a newcomer {snapshots[state['auction_id']]['version']}"
            for author, state in screens
            if state != snapshots[state["auction_id"]]
        ]

    def write(self) -> None:
        """Write what was compared last into the journal."""
        journal, newcomer = self._context.journal, Author("newcomer", None, "ws")
        for state in self._snapshots.values():
            journal.write(newcomer, "shown", _frame("fresh", state))
        for author, state in self._screens:
            journal.write(author, "shown", _frame("reconnected", state))


def _wait(check: Callable[[], list[str]], timeout_s: float) -> list[str]:
    found: list[str] = []

    def is_over() -> bool:
        found[:] = check()
        return not found

    Deadline(timeout_s).wait(is_over, poll_s=POLL_S)
    return found


def _unfinished(environment: Environment, load: Load) -> list[str]:
    if load.pending_count:
        return [f"{load.pending_count} bids or messages without an answer"]
    columns = ", ".join(f"({query})" for query in (*COUNTS.values(), INGESTED))
    try:
        ((*counts, ingested),) = environment.sql(f"SELECT {columns}")
    except psycopg2.Error as error:
        return [f"the database: {error}"]
    found = [f"{count} {what}" for what, count in zip(COUNTS, counts, strict=True) if count]
    return found or _unread_records(environment, ingested)


def _unread_records(environment: Environment, ingested: int) -> list[str]:
    """Return how many records of each topic its consumers have not read yet."""
    not_ingested = sum(environment.ends(AUCTION_BID).values()) - ingested
    unread = {
        f"{group} of {topic.name}": _unread(environment, topic, group) for topic, group in READ_BY
    }
    waiting = {"ingest of auction-bid": not_ingested, **unread}
    return [f"{count} records wait for {whom}" for whom, count in waiting.items() if count]


def _unread(environment: Environment, topic: Topic, group: str) -> int:
    ends = environment.ends(topic)
    with environment.consumer(group) as consumer:
        done = {part: consumer.committed(part) or 0 for part in ends}
    return sum(max(0, end - done[part]) for part, end in ends.items())


def _frame(by: str, state: Frame) -> Frame:
    return {"auction_id": state["auction_id"], "by": by, "state": state}


def _snapshots(context: Context, lots: set[int]) -> dict[int, Frame]:
    """Return the snapshots that a new guest gets of these lots."""
    found: dict[int, Frame] = {}
    with context.endpoint.connect() as client:
        client.send({"type": "auth"})
        for auction_id in sorted(lots):
            time.sleep(SEND_PAUSE_S)
            client.send({"type": "subscribe", "channel": f"auction:{auction_id}"})
        deadline = Deadline(TIMEOUT_S)
        while len(found) < len(lots):
            frame = client.receive(POLL_S)
            if frame is not None and frame["type"] == "subscribed":
                auction = {**frame["auction"], "auction_id": frame["auction"]["id"]}
                found[auction["auction_id"]] = {name: auction[name] for name in STATE}
            if deadline.passed():
                raise ConnectionLostError(0, f"{len(lots) - len(found)} snapshots did not come")
    return found
