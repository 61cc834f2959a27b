"""`replay list` filters exactly, `replay show` prints all, refusals are one line."""

import json
from typing import Any

import pytest

from app.domain.ids import bid_id
from app.domain.time import rfc3339
from app.protocol.topics import CHAT_MESSAGE
from tests.integration.http.applications import refused_address
from tests.integration.lanes.cluster import LaneCluster, Lot
from tests.integration.replay.cases import consumer_dead_letter, dead_letters, failed, unreadable
from tests.operator import Operator


@pytest.fixture(scope="module")
def lot(cluster: LaneCluster) -> Lot:
    """A lot with a failed bid and an undecodable record."""
    lot = cluster.auction(lasts_s=3_600)
    failed(cluster, lot, [2_000])
    unreadable(cluster, lot, b"\xff\x00\x1b")
    return lot


@pytest.fixture(scope="module")
def other(cluster: LaneCluster) -> Lot:
    """A lot with an undecodable record."""
    other = cluster.auction(lasts_s=3_600)
    unreadable(cluster, other, "{한글".encode())
    return other


def ids(found: list[Any]) -> list[int]:
    return [item["id"] for item in found]


def test_each_filter_finds_what_fits_newest_first(
    cluster: LaneCluster, operator: Operator, lot: Lot, other: Lot
) -> None:
    bid, garbage = (row.id for row in dead_letters(cluster, lot))
    (other_id,) = (row.id for row in dead_letters(cluster, other))
    of_lot = ("--auction", str(lot.auction_id))
    trace_id = str(bid_id(lot.bidders[0], lot.auction_id, "k2000"))
    between = rfc3339(dead_letters(cluster, lot)[1].created_at)
    with consumer_dead_letter(cluster, topic=CHAT_MESSAGE.name, key=str(lot.auction_id)) as message:
        assert ids(operator.listed(*of_lot)) == [message, garbage, bid]
        assert ids(operator.listed(*of_lot, "--topic", "chat-message")) == [message]
        assert ids(operator.listed(*of_lot, "--topic", "auction-bid")) == [garbage, bid]
    assert ids(operator.listed("--id", trace_id)) == [bid]
    assert ids(operator.listed("--id", str(other_id), "--id", trace_id)) == [other_id, bid]
    assert ids(operator.listed("--id", str(other_id), *of_lot)) == []
    assert ids(operator.listed(*of_lot, "--reason", "HandlerError")) == [bid]
    assert ids(operator.listed(*of_lot, "--until", between)) == [bid]
    assert ids(operator.listed(*of_lot, "--since", between)) == [garbage]
    assert ids(operator.listed(*of_lot, "--limit", "1")) == [garbage]


def test_the_table_has_a_line_each_and_notes_further_rows(
    cluster: LaneCluster, operator: Operator, lot: Lot
) -> None:
    bid, garbage = dead_letters(cluster, lot)
    of_lot = ("replay", "list", "--auction", str(lot.auction_id))
    lines = operator.bridge(*of_lot).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ID", "PLACE"],
        [str(garbage.id), f"auction-bid/{garbage.partition}/{garbage.offset}"],
        [str(bid.id), f"auction-bid/{bid.partition}/{bid.offset}"],
    ]
    last = operator.bridge(*of_lot, "--limit", "1").splitlines()[-1]
    assert last == "the newest 1 of 2: --limit shows more"


def test_show_prints_origin_error_and_bytes(
    cluster: LaneCluster, operator: Operator, lot: Lot, other: Lot
) -> None:
    bid, garbage = dead_letters(cluster, lot)
    shown = operator.bridge("replay", "show", bid.trace_id)
    for expected in (
        f"dead letter {bid.id}\n",
        f"auction-bid/{bid.partition}/{bid.offset}\n",
        "by group auction",
        "HandlerError",
        "BadDataError: ",
        "3, the first failed at ",
        '"amount":2000,',
    ):
        assert expected in shown
    shown = operator.bridge("replay", "show", str(garbage.id))
    assert "3 bytes, hex:\nff001b\n" in shown
    (text,) = dead_letters(cluster, other)
    assert "bytes, utf-8:\n{한글\n" in operator.bridge("replay", "show", str(text.id))


def test_control_characters_of_a_payload_are_escaped(
    cluster: LaneCluster, operator: Operator, other: Lot
) -> None:
    with consumer_dead_letter(
        cluster, topic=CHAT_MESSAGE.name, key="a\x1b[2Jb", payload=b"\x1b]0;x\x07"
    ) as one:
        printed = operator.bridge("replay", "show", str(one))
        printed += operator.bridge("replay", "list", "--id", str(one))
    assert "a\\x1b[2Jb" in printed
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_a_large_payload_is_cut_in_lists_but_not_in_show(
    cluster: LaneCluster, operator: Operator
) -> None:
    payload = ("가" * 400_000).encode()
    with consumer_dead_letter(cluster, topic=CHAT_MESSAGE.name, key="k", payload=payload) as one:
        (listed,) = operator.listed("--id", str(one))
        (shown,) = operator.bridge("replay", "show", "--json", str(one)).splitlines()
    assert listed["payload_bytes"] == len(payload)
    assert listed["payload"] == "가" * (4 * 1024 // 3)
    assert json.loads(shown)["payload"].encode() == payload


def test_a_list_without_matches_is_no_error(operator: Operator) -> None:
    nothing = ("--auction", "no such lane")
    assert operator.bridge("replay", "list", *nothing) == "no dead letter matches\n"
    assert operator.bridge("replay", "list", "--json", *nothing) == ""
    assert operator.bridge("replay", "run", *nothing) == "no dead letter matches\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["list", "--id", "9223372036854775807"], "9223372036854775807"),
        (["list", "--id", "9223372036854775808"], "9223372036854775808"),
        (["list", "--id", "a b"], "a b"),
        (["show", "00000000-0000-0000-0000-000000000000"], "00000000-0000"),
        (["run", "--id", "9223372036854775807"], "9223372036854775807"),
        (["run", "--dry-run", "--id", "9223372036854775807"], "9223372036854775807"),
        (["list", "--reason", "Bad"], "--reason"),
        (["list", "--topic", "auction-bids"], "topic: "),
        (["list", "--since", "yesterday"], "since: "),
        (["list", "--until", "2026-11-27T12:00:00"], "until: "),
        (["list", "--since", "2026-11-27T12:00:00Z", "--until", "2026-11-27T12:00:00Z"], "until"),
        (["list", "--auction", ""], "auction: "),
        (["list", "--limit", "0"], "--limit"),
        (["run", "--rate", "-1"], "--rate"),
        (["run", "--limit", "x"], "--limit"),
        (["show"], "id"),
        (["list", "--nonsense"], "--nonsense"),
        (["burn"], "burn"),
        ([], "list|show|run"),
    ],
)
def test_an_error_is_one_line_and_changes_nothing(
    operator: Operator, arguments: list[str], named: str
) -> None:
    assert named in operator.refusal("replay", *arguments)


def test_servers_that_do_not_answer_are_one_line(
    cluster: LaneCluster, operator: Operator, lot: Lot
) -> None:
    of_lot = ("bridge", "replay", "run", "--auction", str(lot.auction_id))
    with refused_address() as address:
        database = f"postgresql://nobody@{address}/nothing"
        no_store = operator.run(*of_lot, DATABASE_URL=database)
        no_log = operator.run(*of_lot, KAFKA_BOOTSTRAP_SERVERS=address)
    for refused, named in ((no_store, "PostgreSQL"), (no_log, "Kafka")):
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
        assert named in refused.stderr
    assert [row.replays for row in dead_letters(cluster, lot)] == [0, 0]


def test_wrong_settings_and_arguments_exit_with_2(operator: Operator) -> None:
    unset = operator.run("bridge", "replay", "list", SECRET_KEY="short")
    assert unset.returncode == 2
    assert "SECRET_KEY" in unset.stderr
    unknown = operator.run("bridge", "replay", "burn")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
