"""Another topic's dead letters are replayed, and its lanes freed, by the same commands."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.platform.world import World, lists_database, open_world
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Lists, with a bridge and a worker."""
    with (
        lists_database() as (environment, engine),
        open_world(environment, engine, logs=tmp_path_factory.mktemp("lists")) as world,
    ):
        world.bridge("ingest", "clock")
        world.worker()
        yield world


def bridge(world: World, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.platform.bridge", *arguments],
        env={**world.environment, "SECURITY_LOG_TO": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def letters(world: World, name: str) -> list[Any]:
    query = "SELECT * FROM dead_letters WHERE topic = %s AND key = %s ORDER BY id"
    return world.rows(query, world.topic, name)


def texts(world: World, name: str) -> list[str]:
    return [text for _, _, text in world.settled().get(name, [])]


def test_a_replayed_item_goes_to_the_end_of_its_list_once(world: World) -> None:
    name = world.list_name(0)
    world.execute("INSERT INTO list_faults VALUES ('b', 'error')")
    for text in ("a", "b", "c"):
        world.append(name, text)
    wait_until(lambda: texts(world, name) == ["a", "c"], what="the others are in the list")
    wait_until(lambda: len(letters(world, name)) == 1, what="one is given up")
    world.execute("DELETE FROM list_faults")

    assert "1 replayed" in bridge(world, "replay", "run", "--topic", world.topic, "--auction", name)
    wait_until(lambda: texts(world, name) == ["a", "c", "b"], what="it is in the list")
    trace_id = json.loads(letters(world, name)[0].payload.tobytes())["id"]
    again = bridge(world, "replay", "run", "--id", trace_id)
    assert "skipped: it has had its effect" in again
    assert len([record for record in world.log() if record.key == name.encode()]) == 4


def test_a_lane_parked_by_too_many_is_freed_and_the_rest_replayed_in_order(world: World) -> None:
    name = world.list_name(1)
    world.execute("INSERT INTO list_faults VALUES ('x', 'error')")
    for number in range(25):
        world.append(name, "x", id=f"item-{number:02}")
    world.producer.flush()
    parked = "SELECT FROM parked_lanes WHERE topic = %s"
    wait_until(lambda: bool(world.rows(parked, world.topic)), what="the lane is parked")
    assert len(letters(world, name)) == 20
    (line,) = (row for row in bridge(world, "lanes").splitlines() if name in row)
    assert line.split()[:3] == [world.topic, name, "5"]

    world.execute("DELETE FROM list_faults")
    bridge(world, "lanes", "unpark", world.topic, name)
    wait_until(lambda: len(texts(world, name)) == 5, what="what waited is in the list")
    assert "20 replayed" in bridge(world, "replay", "run", "--auction", name)
    wait_until(lambda: len(texts(world, name)) == 25, what="the rest is in the list")
    rows = world.rows("SELECT id FROM list_items WHERE name = %s ORDER BY place", name)
    numbers = [int(row.id.removeprefix("item-")) for row in rows]
    assert numbers == [*range(20, 25), *range(20)]
