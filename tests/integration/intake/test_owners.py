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
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    world.worker()
    world.bridge("clock")
    owners = [world.bridge("ingest"), world.bridge("ingest")]
    for owner in owners:
        owner.wait_said("partitions_taken")
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


def test_a_frozen_owner_that_wakes_as_a_zombie_takes_nothing(world: World) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    world.worker()
    world.bridge("clock")
    frozen = world.bridge("ingest")
    load(world, chance, BATCH)
    wait_until(lambda: world.progress() == world.ends(), what="the first batch is taken")
    frozen.freeze()
    # What it has been sent and has not read yet is what it will try to take when it wakes.
    load(world, chance, BATCH)
    other = world.bridge("ingest")
    wait_until(
        lambda: world.progress() == world.ends(),
        what="the other has taken over after the session timeout",
        seconds=SESSION_S + 30,
    )
    load(world, chance, BATCH)
    wait_until(lambda: world.progress() == world.ends(), what="the other goes on")
    frozen.wake()
    load(world, chance, BATCH)
    check(world)
    other.kill()
    load(world, chance, BATCH)
    check(world)
