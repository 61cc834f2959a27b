"""A replay appends a record to its lane again, once; its new offset decides the outcome."""

import threading
from typing import Any

import msgspec

from app.adapters.postgres import schema
from app.protocol.channels import user_channel
from app.protocol.topics import AUCTION_BID
from bridge.audit import audit
from lanes.audit.ports import Scope
from lanes.dead_letter_list import DeadLetterSelection
from lanes.replay import ReplayOrder
from tests import kafka_log
from tests.bid_values import bid_value
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.integration.lanes.test_fan_out import collect, listening
from tests.integration.replay.cases import (
    dead_letters,
    failed,
    replays,
    undecidable,
    unreadable,
    wait_dead_letters,
)
from tests.operator import Operator
from tests.waiting import CALL_S, stretched, wait_until


def run(operator: Operator, lot: Lot, *arguments: str) -> str:
    return operator.bridge("replay", "run", "--auction", str(lot.auction_id), *arguments)


def bids(cluster: LaneCluster, lot: Lot) -> dict[int, Any]:
    return {row.amount: row for row in cluster.rows(schema.bids, lot)}


def log_ends(cluster: LaneCluster) -> dict[int, int]:
    return kafka_log.ends(cluster.container.settings, AUCTION_BID.name)


def test_a_replay_after_the_fix_decides_the_failed_bids(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    first, second = failed(cluster, lot, [2_000, 3_000])
    assert {row.status for row in bids(cluster, lot).values()} == {"failed"}

    printed = run(operator, lot)
    wait_until(lambda: cluster.state(lot).bid_count == 2, what="both bids are accepted")
    assert (bids(cluster, lot)[2_000].seq, bids(cluster, lot)[3_000].seq) == (1, 2)
    made = replays(cluster, lot)
    assert [row.dead_letter_id for row in made] == [first.id, second.id]
    places = {amount: (row.partition, row.offset) for amount, row in bids(cluster, lot).items()}
    assert places == {2_000: tuple(made[0][4:6]), 3_000: tuple(made[1][4:6])}
    assert [row.replays for row in dead_letters(cluster, lot)] == [1, 1]
    for line in (f"1/2  dead letter {first.id} replayed to", "2 replayed"):
        assert line in printed
    security_event = operator.security[-1]
    assert (security_event["event"], security_event["by"], security_event["records"]) == (
        "replayed",
        made[0].requested_by,
        2,
    )

    before = log_ends(cluster)
    assert "2 skipped" in run(operator, lot, "--force")
    assert (log_ends(cluster), len(replays(cluster, lot))) == (before, 2)


def test_a_replayed_record_has_its_key_bytes_headers_and_count(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    key, value, header = str(lot.auction_id).encode(), b'\xff"\x00}', ("tenant", b"\xff")
    cluster.producer.send(AUCTION_BID.name, key=key, value=value, headers=[header]).get(CALL_S)
    wait_dead_letters(cluster, lot, 1)
    (letter,) = dead_letters(cluster, lot)
    before = log_ends(cluster)
    run(operator, lot)
    partition = {letter.partition: before[letter.partition]}
    (record,) = kafka_log.records(cluster.container.settings, AUCTION_BID.name, partition)
    assert (record.key, record.value) == (key, value)
    assert record.headers == [header, ("replay_count", b"1")]


def test_a_dry_run_prints_and_changes_nothing(cluster: LaneCluster, operator: Operator) -> None:
    lot = cluster.auction(lasts_s=3_600)
    failed(cluster, lot, [2_000])
    unreadable(cluster, lot)

    def everything() -> Any:
        tables = [cluster.rows(table, lot) for table in (schema.bids, schema.decisions)]
        return (
            dead_letters(cluster, lot),
            replays(cluster, lot),
            cluster.state(lot),
            tables,
            log_ends(cluster),
        )

    before = everything()
    printed = run(operator, lot, "--dry-run")
    assert "2 would replay" in printed
    assert everything() == before


def test_a_bid_that_its_client_has_repeated_is_skipped(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    failed(cluster, lot, [2_000])
    cluster.bid(lot, bidder=lot.bidders[0], amount=2_000, key="k2000").get(timeout=CALL_S)
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="the repeat is accepted")
    before = log_ends(cluster)
    assert "skipped: it has had its effect" in run(operator, lot)
    assert (log_ends(cluster), replays(cluster, lot)) == (before, [])


def test_a_replayed_forged_bid_stays_a_dead_letter(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    owner, forger = lot.bidders[:2]
    forged = bid_value(forger, lot.auction_id, amount=99_000, id_of=owner)
    with listening(cluster, user_channel(owner)) as pubsub:
        cluster.put(str(lot.auction_id).encode(), msgspec.json.encode(forged)).get(timeout=CALL_S)
        wait_dead_letters(cluster, lot, 1)
        assert "1 replayed" in run(operator, lot)
        wait_dead_letters(cluster, lot, 2)
        cluster.bid(lot, bidder=owner, amount=2_000, key="k").get(timeout=CALL_S)
        security_event = collect(
            pubsub, lambda event: event["auction_id"] == lot.auction_id, until=1
        )
    assert {letter.reason for letter in dead_letters(cluster, lot)} == {"BadIdentity"}
    assert {amount: row.status for amount, row in bids(cluster, lot).items()} == {2_000: "accepted"}
    (outcome,) = [outcome for event in security_event for outcome in event["outcomes"]]
    assert (outcome["bidder_id"], outcome["price"]) == (owner, 2_000)
    results = audit(cluster.container, Scope(lane=str(lot.auction_id)), [])
    # The lot is only a row: its creation was not published.
    assert (results["I2"].checked, set(results.violated)) == (3, {"I11"})


def test_a_bid_replayed_after_the_close_is_rejected_as_closed(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=stretched(8))
    failed(cluster, lot, [2_000])
    cluster.wait_closed(lot)
    run(operator, lot)
    wait_until(lambda: bids(cluster, lot)[2_000].status == "rejected", what="it is rejected")
    assert (bids(cluster, lot)[2_000].code, cluster.state(lot).winner_id) == ("CLOSED", None)


def test_runs_at_the_same_time_replay_each_record_once(cluster: LaneCluster) -> None:
    lot = cluster.auction(lasts_s=3_600)
    wrong = [*failed(cluster, lot, [2_000, 3_000, 4_000]), unreadable(cluster, lot)]
    before = log_ends(cluster)
    # By their ids, because a replayed undecodable record becomes a new dead letter.
    selection = DeadLetterSelection(ids=[letter.id for letter in wrong])
    order = ReplayOrder(selection=selection, requested_by="tests", per_s=1_000)
    start = threading.Barrier(4)
    found: list[Any] = []

    def replay() -> None:
        start.wait()
        found.extend(cluster.container.replayer.run(order))

    threads = [threading.Thread(target=replay) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len([result for result in found if result.result == "replayed"]) == 4
    assert len(replays(cluster, lot)) == 4
    assert sum(log_ends(cluster).values()) - sum(before.values()) == 4


def test_replays_that_fail_again_are_counted_up_to_the_limit(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    unreadable(cluster, lot)
    for number in (1, 2, 3):
        run(operator, lot)
        wait_dead_letters(cluster, lot, number + 1)
        assert dead_letters(cluster, lot)[-1].replays == number
    printed = run(operator, lot)
    assert printed.count("its replay was given up as dead letter") == 3
    assert "it was replayed 3 times; --force replays it all the same" in printed
    assert "4 skipped" in printed

    assert "1 replayed" in run(operator, lot, "--force")
    wait_dead_letters(cluster, lot, 5)
    assert [row.forced for row in replays(cluster, lot)] == [False, False, False, True]
    assert dead_letters(cluster, lot)[-1].replays == 4


def test_a_replay_that_fails_again_keeps_the_bid_failed(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    failed(cluster, lot, [2_000])
    with undecidable(cluster.container.engine, lot.auction_id, 2_000):
        run(operator, lot)
        wait_dead_letters(cluster, lot, 2)
    assert bids(cluster, lot)[2_000].status == "failed"
    assert [row.reason for row in dead_letters(cluster, lot)] == ["HandlerError", "HandlerError"]


def test_an_interrupted_replay_may_be_repeated_later(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    (letter,) = failed(cluster, lot, [2_000])
    claimed = """
        INSERT INTO replays (dead_letter_id, requested_by, forced, created_at)
        VALUES (%s, 'tests', false, now() - make_interval(secs => %s))"""
    with cluster.container.engine.begin() as connection:
        connection.exec_driver_sql(claimed, (letter.id, -3_600))  # for an hour yet
    assert "what becomes of its last replay is not known yet" in run(operator, lot)
    with cluster.container.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE replays SET created_at = now() - interval '1 minute' WHERE dead_letter_id = %s",
            (letter.id,),
        )
    assert "1 replayed" in run(operator, lot)
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="the bid is accepted")


def test_a_record_that_waits_in_its_lane_is_not_replayed_again(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    failed(cluster, lot, [2_000])
    operator.bridge("lanes", "park", AUCTION_BID.name, str(lot.auction_id), "--reason", "a look")
    run(operator, lot)
    wait_until(lambda: cluster.waiting(lot) == 1, what="the replay waits")
    assert "what becomes of its last replay is not known yet" in run(operator, lot)
    operator.bridge("lanes", "unpark", AUCTION_BID.name, str(lot.auction_id))
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="the bid is accepted")
    assert len(replays(cluster, lot)) == 1


def test_a_limit_replays_the_oldest_and_skips_do_not_count(
    cluster: LaneCluster, operator: Operator
) -> None:
    lot = cluster.auction(lasts_s=3_600)
    failed(cluster, lot, [2_000, 3_000, 4_000])
    run(operator, lot, "--limit", "1")
    wait_until(lambda: cluster.state(lot).bid_count == 1, what="the first is accepted")
    printed = run(operator, lot, "--limit", "1", "--rate", "5")
    assert "1 skipped, 1 replayed" in printed
    wait_until(lambda: cluster.state(lot).bid_count == 2, what="the second is accepted")
    assert bids(cluster, lot)[4_000].status == "failed"
