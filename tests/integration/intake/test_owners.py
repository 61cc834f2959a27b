"""Two ingest processes and one topic: whoever comes, goes, dies or freezes, each record is taken
once and in order. A list shows it, because it has no defence of its own."""

import random
import time

from tests.platform.cluster import ListsCluster, Process
from tests.waiting import wait_until

LISTS = 6
ROUNDS, BATCH = 8, 40
SESSION_S = 6  # of the consumer group
PACE_S = 0.5


def load(cluster: ListsCluster, chance: random.Random, texts: int) -> None:
    """Append so many texts to lists at random, and wait until the log has them."""
    for number in range(texts):
        cluster.append(cluster.list_name(chance.randrange(LISTS)), f"text {number}")
    cluster.producer.flush()


def check(cluster: ListsCluster) -> None:
    """Assert, once all is settled, that the lists follow the log; and invariant I12."""
    ends = cluster.ends()
    wait_until(lambda: cluster.progress() == ends, what="everything is taken")
    wait_until(lambda: not waiting(cluster), what="everything is settled")
    assert cluster.settled() == cluster.logged()
    assert all(offset <= ends[partition] for partition, offset in cluster.committed().items())


def waiting(cluster: ListsCluster) -> int:
    return len(cluster.rows('SELECT "offset" FROM inbox WHERE topic = %s', cluster.topic))


def test_changing_owners_under_load_lose_and_double_nothing(
    cluster: ListsCluster,
) -> None:
    chance = seeded()
    cluster.worker()
    cluster.bridge("clock")
    owners = [cluster.bridge("ingest"), cluster.bridge("ingest")]
    for owner in owners:
        owner.wait_log_event("partitions_started")
    for _ in range(ROUNDS):
        load(cluster, chance, BATCH)
        owner = owners.pop(chance.randrange(len(owners)))
        chance.choice([Process.kill, Process.stop])(owner)
        load(cluster, chance, BATCH)
        owners.append(cluster.bridge("ingest"))
        time.sleep(chance.uniform(0, PACE_S))  # lets it die at another point of its start
        # I12: every offset committed to Kafka was in PostgreSQL before.
        committed = cluster.committed()
        progress = cluster.progress()
        assert all(progress[partition] >= offset for partition, offset in committed.items())
    check(cluster)
    assert sum(map(len, cluster.settled().values())) >= ROUNDS * 2 * BATCH


def test_an_owner_frozen_between_batches_ingests_nothing_later(
    cluster: ListsCluster,
) -> None:
    chance = seeded()
    frozen = lone_owner(cluster, chance)
    frozen.freeze()
    load(cluster, chance, BATCH)
    other = successor(cluster)
    load(cluster, chance, BATCH)
    frozen.wake()
    load(cluster, chance, BATCH)
    check(cluster)
    other.kill()  # and is a normal owner afterwards
    load(cluster, chance, BATCH)
    check(cluster)


def test_an_owner_frozen_with_a_batch_finds_its_progress_moved(
    cluster: ListsCluster,
) -> None:
    chance = seeded()
    frozen = lone_owner(cluster, chance, IDLE_TRANSACTION_MS="120000")
    with cluster.locked("LOCK TABLE lanes.dead_letters IN ACCESS EXCLUSIVE MODE"):
        load(cluster, chance, BATCH)
        for partition in range(cluster.partitions):
            cluster.put(None, b"for this one it asks how many there were", partition=partition)
        cluster.producer.flush()
        cluster.wait_blocked("%FROM lanes.dead_letters%")
        frozen.freeze()
    successor(cluster)
    wait_until(lambda: not waiting(cluster), what="everything is settled once")
    frozen.wake()
    frozen.wait_log_event("progress_moved_by_another")
    load(cluster, chance, BATCH)
    check(cluster)


def test_an_owner_frozen_in_a_transaction_blocks_only_briefly(
    cluster: ListsCluster,
) -> None:
    chance = seeded()
    frozen = lone_owner(cluster, chance)
    progress = "SELECT FROM ingest_progress WHERE topic = %s FOR UPDATE"
    with cluster.locked(progress, cluster.topic):
        load(cluster, chance, BATCH)
        cluster.wait_blocked("%UPDATE lanes.ingest_progress%")
        frozen.freeze()
    successor(cluster)
    frozen.wake()
    load(cluster, chance, BATCH)
    check(cluster)


def lone_owner(cluster: ListsCluster, chance: random.Random, **changes: str) -> Process:
    """An ingest process that has ingested a first batch, and a worker that settles it."""
    cluster.worker()
    cluster.bridge("clock")
    owner = cluster.bridge("ingest", **changes)
    load(cluster, chance, BATCH)
    wait_until(lambda: cluster.progress() == cluster.ends(), what="the first batch is taken")
    return owner


def successor(cluster: ListsCluster) -> Process:
    """Another ingest process, which has ingested all records."""
    other = cluster.bridge("ingest")
    wait_until(
        lambda: cluster.progress() == cluster.ends(),
        what="the other has taken over after the session timeout",
        seconds=SESSION_S + 60,
    )
    return other


def seeded() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)
