"""A record that kills every worker that settles it delays its lane for a while."""

from typing import Any

from tests.platform.cluster import ListsCluster
from tests.waiting import wait_until

SOON = {"CLAIM_AFTER_S": "0.5", "WAKE_REPEAT_S": "0.5"}


def dead_letters(cluster: ListsCluster) -> list[Any]:
    query = 'SELECT key, reason, attempts FROM dead_letters WHERE topic = %s ORDER BY "offset"'
    return [tuple(row) for row in cluster.rows(query, cluster.topic)]


def texts(cluster: ListsCluster, name: str) -> list[str]:
    return [text for _, _, text in cluster.settled().get(name, [])]


def test_a_record_that_kills_workers_becomes_a_dead_letter(
    cluster: ListsCluster,
) -> None:
    deadly, other = cluster.list_name(0), cluster.list_name(1)
    cluster.execute("INSERT INTO list_faults VALUES ('deadly', 'death')")
    for number in range(5):
        cluster.append(deadly, f"before {number}")
        cluster.append(other, f"text {number}")
    cluster.append(deadly, "deadly")
    cluster.append(deadly, "after")
    cluster.producer.flush()
    cluster.bridge("ingest", "clock", **SOON)
    cluster.worker(pool="prefork", **SOON)

    wait_until(lambda: bool(texts(cluster, deadly)[5:]), what="the record after it is settled")
    wait_until(lambda: len(texts(cluster, other)) == 5, what="the other lane is settled")
    assert texts(cluster, deadly) == [*(f"before {number}" for number in range(5)), "after"]
    assert dead_letters(cluster) == [(deadly, "WorkerDied", 3)]
    cluster.append(deadly, "later")
    wait_until(lambda: texts(cluster, deadly)[6:] == ["later"], what="a new record is settled")
    claims = "SELECT * FROM lanes.claims WHERE topic = %s"
    assert cluster.rows(claims, cluster.topic) == []
    cluster.execute("DELETE FROM list_faults")


def test_a_claim_from_before_a_server_restart_counts_no_crash(cluster: ListsCluster) -> None:
    name = cluster.list_name(0)
    cluster.append(name, "innocent").get()
    cluster.bridge("ingest", "clock", **SOON)
    waiting = "SELECT FROM inbox WHERE topic = %s"
    wait_until(lambda: bool(cluster.rows(waiting, cluster.topic)), what="it waits")
    cluster.execute(
        'INSERT INTO lanes.claims SELECT topic, key, "offset", "offset", true, 2, '
        "pg_postmaster_start_time() - interval '1 hour' FROM inbox WHERE topic = %s",
        (cluster.topic,),
    )
    cluster.worker(**SOON)
    wait_until(lambda: texts(cluster, name) == ["innocent"], what="it is settled")
    assert dead_letters(cluster) == []
