"""A second topic is audited by declaring its effects, and nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform.cluster import ListsCluster, lists_database, open_cluster
from tests.waiting import CALL_S, wait_until

ITEMS = 6


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ListsCluster]:
    """One list: items, a dead letter, a waiting item; no process runs any more."""
    with (
        lists_database() as (environment, engine),
        open_cluster(environment, engine, logs=tmp_path, partitions=1) as cluster,
    ):
        bridge, worker = cluster.bridge("ingest", "relay", "clock"), cluster.worker()
        name = cluster.list_name(1)
        for number in range(ITEMS):
            cluster.append(name, str(number)).get(timeout=CALL_S)
        cluster.put(name.encode(), b"\xff").get(timeout=CALL_S)
        wait_until(lambda: len(cluster.settled().get(name, [])) == ITEMS, what="all is appended")
        wait_until(lambda: cluster.rows("SELECT FROM dead_letters"), what="the bytes are given up")
        worker.stop()
        cluster.append(name, "waits").get(timeout=CALL_S)
        wait_until(lambda: cluster.rows("SELECT FROM inbox"), what="the last one waits")
        bridge.stop()
        yield cluster


def violated(cluster: ListsCluster) -> dict[str, list[str]]:
    """The results that the command prints, by invariant."""
    command = (sys.executable, "-m", "tests.platform.bridge", "audit", "--json")
    result = subprocess.run(
        command, env=dict(cluster.environment), capture_output=True, text=True, check=False
    )
    found = json.loads(result.stdout)["invariants"]
    wrong = {item["invariant"]: item["examples"] for item in found if item["violations"]}
    assert result.returncode == (1 if wrong else 0)
    checked = {item["invariant"]: item["checked"] for item in found}
    assert (checked["I2"], checked["I4"], checked["I12"]) == (ITEMS + 2, ITEMS + 2, 1)
    return wrong


def test_a_second_topic_is_audited_record_by_record(cluster: ListsCluster) -> None:
    cluster.execute("UPDATE inbox SET taken_at = now()")  # it has not waited for long
    assert violated(cluster) == {}
    cluster.execute('DELETE FROM list_items WHERE "offset" = 1')
    cluster.execute('UPDATE list_items SET "offset" = 3 WHERE "offset" = 2')
    cluster.execute("UPDATE inbox SET taken_at = now() - interval '31 s'")
    cluster.commit({0: ITEMS + 3})
    wrong = violated(cluster)
    lane = cluster.list_name(1)
    assert wrong.pop("I2") == [
        f"{cluster.topic}/0/1 lane {lane} is in no place at all",
        f"{cluster.topic}/0/2 lane {lane} is in no place at all",
        f"{cluster.topic}/0/3 lane {lane} is in list_items and list_items",
    ]
    (waits,) = wrong.pop("I4")
    assert waits.startswith(f"{cluster.topic}/0/{ITEMS + 1} lane {lane} waits for")
    (ahead,) = wrong.pop("I12")
    assert ahead.endswith(f"committed {ITEMS + 3}, progress is {ITEMS + 2}")
    assert wrong == {}
