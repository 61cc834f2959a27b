"""Two ingest processes and one topic: whoever comes, goes, dies or freezes, each record is taken
once and in order. A list shows it, because it has no defence of its own."""

import random
import time

from tests.platform.world import Process, World
from tests.waiting import wait_until

LISTS = 6
ROUNDS, BATCH = 8, 40
SESSION_S = 6  # of the consumer group
PACE_S = 0.5


def load(world: World, chance: random.Random, texts: int) -> None:
    """Append so many texts to lists at random, and wait until the log has them."""
    for number in range(texts):
        world.append(world.list_name(chance.randrange(LISTS)), f"text {number}")
    world.producer.flush()


def check(world: World) -> None:
    """Assert, once all is settled, that the lists are what the log says; and invariant I12."""
    ends = world.ends()
    wait_until(lambda: world.progress() == ends, what="everything is taken")
    wait_until(lambda: not waiting(world), what="everything is settled")
    assert world.settled() == world.logged()
    assert all(offset <= ends[partition] for partition, offset in world.committed().items())


def waiting(world: World) -> int:
    return len(world.rows('SELECT "offset" FROM inbox WHERE topic = %s', world.topic))


def test_owners_that_come_go_and_die_under_load_lose_and_double_nothing(world: World) -> None:
    chance = seeded()
    world.worker()
    world.bridge("clock")
    owners = [world.bridge("ingest"), world.bridge("ingest")]
    for owner in owners:
        owner.wait_said("partitions_started")
    for _ in range(ROUNDS):
        load(world, chance, BATCH)
        owner = owners.pop(chance.randrange(len(owners)))
        chance.choice([Process.kill, Process.stop])(owner)
        load(world, chance, BATCH)
        owners.append(world.bridge("ingest"))
        time.sleep(chance.uniform(0, PACE_S))  # lets it die at another point of its start
        # I12: whatever was committed to Kafka was in PostgreSQL before.
        committed = world.committed()
        progress = world.progress()
        assert all(progress[partition] >= offset for partition, offset in committed.items())
    check(world)
    assert sum(map(len, world.settled().values())) >= ROUNDS * 2 * BATCH


def test_an_owner_that_froze_between_two_batches_takes_nothing_as_a_zombie(world: World) -> None:
    chance = seeded()
    frozen = lone_owner(world, chance)
    frozen.freeze()
    load(world, chance, BATCH)
    other = successor(world)
    load(world, chance, BATCH)
    frozen.wake()
    load(world, chance, BATCH)
    check(world)
    other.kill()  # and is an owner like any other afterwards
    load(world, chance, BATCH)
    check(world)


def test_an_owner_that_froze_with_a_batch_in_hand_finds_its_progress_moved(world: World) -> None:
    chance = seeded()
    frozen = lone_owner(world, chance, IDLE_TRANSACTION_MS="120000")
    with world.locked("LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE"):
        load(world, chance, BATCH)
        for partition in range(world.partitions):
            world.put(None, b"for this one it asks how many there were", partition=partition)
        world.producer.flush()
        world.wait_blocked("%FROM dead_letters%")
        frozen.freeze()
    successor(world)
    wait_until(lambda: not waiting(world), what="everything is settled once")
    frozen.wake()
    frozen.wait_said("progress_moved_by_another")
    load(world, chance, BATCH)
    check(world)


def test_an_owner_that_froze_in_its_transaction_holds_up_nobody_for_long(world: World) -> None:
    chance = seeded()
    frozen = lone_owner(world, chance)
    progress = "SELECT FROM ingest_progress WHERE topic = %s FOR UPDATE"
    with world.locked(progress, world.topic):
        load(world, chance, BATCH)
        world.wait_blocked("%UPDATE ingest_progress%")
        frozen.freeze()
    successor(world)
    frozen.wake()
    load(world, chance, BATCH)
    check(world)


def lone_owner(world: World, chance: random.Random, **changes: str) -> Process:
    """An ingest process that has taken a first batch, and somebody who settles it."""
    world.worker()
    world.bridge("clock")
    owner = world.bridge("ingest", **changes)
    load(world, chance, BATCH)
    wait_until(lambda: world.progress() == world.ends(), what="the first batch is taken")
    return owner


def successor(world: World) -> Process:
    """Another ingest process, which has taken everything there is."""
    other = world.bridge("ingest")
    wait_until(
        lambda: world.progress() == world.ends(),
        what="the other has taken over after the session timeout",
        seconds=SESSION_S + 60,
    )
    return other


def seeded() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    return random.Random(seed)
