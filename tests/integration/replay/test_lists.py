"""Another topic's dead letters are replayed, and its lanes unparked, by the same commands."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.platform.cluster import ListsCluster, lists_database, open_cluster
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListsCluster]:
    """Lists, with a bridge and a worker."""
    with (
        lists_database() as (environment, engine),
        open_cluster(environment, engine, logs=tmp_path_factory.mktemp("lists")) as cluster,
    ):
        cluster.bridge("ingest", "clock")
        cluster.worker()
        yield cluster


def bridge(cluster: ListsCluster, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.platform.bridge", *arguments],
        env={**cluster.environment, "SECURITY_LOG_TO": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def dead_letters(cluster: ListsCluster, name: str) -> list[Any]:
    query = "SELECT * FROM dead_letters WHERE topic = %s AND key = %s ORDER BY id"
    return cluster.rows(query, cluster.topic, name)


def texts(cluster: ListsCluster, name: str) -> list[str]:
    return [text for _, _, text in cluster.settled().get(name, [])]


def test_a_replayed_item_goes_to_the_end_of_its_list_once(cluster: ListsCluster) -> None:
    name = cluster.list_name(0)
    cluster.execute("INSERT INTO list_faults VALUES ('b', 'error')")
    for text in ("a", "b", "c"):
        cluster.append(name, text)
    wait_until(lambda: texts(cluster, name) == ["a", "c"], what="the others are in the list")
    wait_until(lambda: len(dead_letters(cluster, name)) == 1, what="one is given up")
    cluster.execute("DELETE FROM list_faults")

    assert "1 replayed" in bridge(
        cluster, "replay", "run", "--topic", cluster.topic, "--auction", name
    )
    wait_until(lambda: texts(cluster, name) == ["a", "c", "b"], what="it is in the list")
    trace_id = json.loads(dead_letters(cluster, name)[0].payload.tobytes())["id"]
    again = bridge(cluster, "replay", "run", "--id", trace_id)
    assert "skipped: it has had its effect" in again
    assert len([record for record in cluster.log() if record.key == name.encode()]) == 4


def test_an_unparked_lane_is_settled_and_replayed_in_order(
    cluster: ListsCluster,
) -> None:
    name = cluster.list_name(1)
    cluster.execute("INSERT INTO list_faults VALUES ('x', 'error')")
    for number in range(25):
        cluster.append(name, "x", id=f"item-{number:02}")
    cluster.producer.flush()
    parked = "SELECT FROM parked_lanes WHERE topic = %s"
    wait_until(lambda: bool(cluster.rows(parked, cluster.topic)), what="the lane is parked")
    assert len(dead_letters(cluster, name)) == 20
    (line,) = (row for row in bridge(cluster, "lanes").splitlines() if name in row)
    assert line.split()[:3] == [cluster.topic, name, "5"]

    cluster.execute("DELETE FROM list_faults")
    bridge(cluster, "lanes", "unpark", cluster.topic, name)
    wait_until(lambda: len(texts(cluster, name)) == 5, what="what waited is in the list")
    assert "20 replayed" in bridge(cluster, "replay", "run", "--auction", name)
    wait_until(lambda: len(texts(cluster, name)) == 25, what="the rest is in the list")
    rows = cluster.rows("SELECT id FROM list_items WHERE name = %s ORDER BY place", name)
    numbers = [int(row.id.removeprefix("item-")) for row in rows]
    assert numbers == [*range(20, 25), *range(20)]
