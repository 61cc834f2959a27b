"""Answers are counted however the network splits them, and failures are reported."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from app.settings import Limits, read_settings
from stack.hostile.abuses import Target
from stack.hostile.answers import Answers
from stack.hostile.attack import ALL_ABUSES, Report
from stack.hostile.gateway import program_of
from stack.hostile.growth import RedisUsage, complaints_of
from stack.hostile.report import EXPECTED, complaints, is_measurable, render, render_honest
from stack.runtime import Stack

RECEIVED = (
    b"HTTP/1.1 429 TOO MANY REQUESTS\r\nRetry-After: 1\r\n\r\n{}HTTP/1.1 401 UNAUTHORIZED\r\n\r\n"
    b'\x81\x20{"type":"error","re":7,"code":"RATE_LIMITED","detail":"x"}\x81\x10{"type":"time","re":8}'
    b'{"type":"chat.message","seq":1}{"type":"error","code":"RATE_LIMITED","detail":"pings"}'
    b"\x88\x0b\x0f\xad" + b"too many"
)
STORM: dict[str, Any] = {
    "bids": {"sent": 9}, "failures": {"total": 0},
    "received_ms": {"p50": 5.0, "p99": 7.0}, "result_ms": {"p50": 9.0, "p99": 40.0},
}  # fmt: skip


@pytest.mark.parametrize("piece", [1, 7, len(RECEIVED)])
def test_answers_are_counted_by_kind(piece: int) -> None:
    counts: dict[str, int] = {}
    answers = Answers(counts)
    for at in range(0, len(RECEIVED), piece):
        answers.feed(RECEIVED[at : at + piece])
    answers.end()
    assert counts == {"429": 1, "401": 1, "RATE_LIMITED": 2, "time": 1, "close 4013": 1}


def refused() -> dict[str, Report]:
    """Reports of a run in which every abuse is refused."""
    return {name: Report(bursts=5, answers=dict.fromkeys(EXPECTED[name], 1)) for name in ALL_ABUSES}


def test_a_run_that_refuses_abuse_and_loses_no_bid_passes() -> None:
    assert complaints(refused(), STORM) == []
    assert render(refused()).count("\n") == len(ALL_ABUSES) + 1


@pytest.mark.parametrize(
    ("name", "report", "complaint"),
    [
        ("guesses", Report(bursts=5, answers={"401": 5}), "not answered by any of 429"),
        ("guesses", Report(answers={"429": 5}), "nothing was tried"),
        ("metrics", Report(bursts=5), "not answered by any of 200"),
        (
            "pings",
            Report(bursts=5, answers={"RATE_LIMITED": 5, "INTERNAL": 1}),
            "answered INTERNAL",
        ),
    ],
)
def test_an_accepted_abuse_is_reported(name: str, report: Report, complaint: str) -> None:
    (line,) = complaints({**refused(), name: report}, STORM)
    assert line == f"{name}: {complaint}"


def test_the_abusing_processs_report_is_complete() -> None:
    report = Report(connections=3, bursts=5, answers={"429": 5})
    assert Report(**json.loads(json.dumps(asdict(report)))) == report


def test_lost_and_late_bids_are_reported() -> None:
    lost = {**STORM, "failures": {"total": 2}, "errors": {"BUSY": 2}}
    late = {**STORM, "result_ms": {"p50": 200.0, "p99": 501.0}}
    assert complaints(refused(), lost) == [
        "2 honest bids were lost: {'total': 2}, answers {'BUSY': 2}"
    ]
    assert complaints(refused(), late) == ["honest bids took longer than 500 ms"]
    assert "| abused | 9 | 2 | 5 / 7 | 9 / 40, at most 500 |" in render_honest(late, lost)


def test_no_abuse_is_measured_if_honest_bids_alone_are_late() -> None:
    assert is_measurable(STORM)
    assert not is_measurable({**STORM, "failures": {"total": 1}})
    assert not is_measurable({**STORM, "result_ms": {"p50": 200.0, "p99": 501.0}})


def test_lasting_redis_keys_and_growing_memory_are_reported() -> None:
    before = RedisUsage(keys=100, lasting=8, memory_mib=5.0)
    assert complaints_of(before, RedisUsage(keys=9_000, lasting=9, memory_mib=20.0)) == []
    assert complaints_of(before, RedisUsage(keys=9_000, lasting=108, memory_mib=505.0)) == [
        "Redis: 100 more keys that never fade",
        "Redis: 500 MiB more memory",
    ]


def test_the_abused_gateway_has_the_production_limits() -> None:
    program = program_of(Stack.of("local"))
    settings = read_settings(program.environment)
    assert settings.limits == Limits()
    assert (settings.trust_loopback, settings.allow_missing_origin) == (False, False)
    assert settings.bid_needs_proved_email
    assert program.environment["GATEWAY_BIND"].rpartition(":")[2] != str(
        Stack.of("local").settings.ports.gateway
    )


def test_each_abuse_has_its_expected_answers() -> None:
    assert EXPECTED.keys() == ALL_ABUSES.keys()


def test_every_abuse_has_a_description_and_input() -> None:
    tokens = ["a.b.signature"] * 10
    target = Target(1, 2, [1, 2, 3, 4], tokens, intruders=tuple(tokens))
    for make in ALL_ABUSES.values():
        abuse = make(target)
        assert make.__doc__
        assert all(abuse.burst(number) for number in range(3))
