"""`make scale`: what is refused, and which processes a pool has."""

import json

import pytest

from stack import Stack
from stack.__main__ import main
from stack.application import pool_names, pool_of
from stack.lifecycle import check_connections, check_memory
from stack.settings import Pool, read_settings

POOLS = read_settings(profile="local", port_offset=0).pools


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--pool", "nope", "-n", "2"], "no pool nope: pool= takes one of gateway, bridge"),
        (["--pool", "", "-n", "2"], "no pool named"),
        (["--pool", "bids", "-n", "0"], "n=0 is not a number of processes"),
        (["--pool", "bids", "-n", "-1"], "n=-1"),
        (["--pool", "bids", "-n", ""], "no n named: n= takes a number of processes, 1 or more"),
        (["--pool", "bids", "-n", "two"], "n=two is not a number of processes: 1 or more"),
        (["--pool", "bids", "-n", "2.5"], "n=2.5 is not"),
        (["--pool", "bids", "-n", "2", "now"], "unrecognized arguments: now"),
        (["--pool", "bids", "-n", "2"], "stack is down: `make up` starts it"),
    ],
)
def test_an_impossible_scaling_is_one_line_and_exit_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scale", "--profile", "bench", *arguments]) == 2
    stderr = capsys.readouterr().err
    assert complaint in stderr
    assert len(stderr.splitlines()) == 1


def test_scaling_beyond_postgresql_connections_is_refused() -> None:
    pools = {"bids": Pool(size=41, memory_mb=1, connections=2), "other": Pool(2, 1, 5)}
    with pytest.raises(Exception, match="connections for 35 processes of pool bids"):
        check_connections(pools, "bids", most=100)


def test_more_than_the_memory_is_refused_but_fewer_never() -> None:
    now = Pool(size=3, memory_mb=100, connections=1)
    with pytest.raises(Exception, match="its memory is enough for 5 processes"):
        check_memory(now, "bids", size=6, free_mb=250)
    check_memory(now, "bids", size=5, free_mb=250)
    check_memory(now, "bids", size=2, free_mb=0)


@pytest.mark.parametrize("pool", POOLS)
def test_a_process_is_of_the_pool_that_named_it(pool: str) -> None:
    names = pool_names(pool, 12)
    assert len(set(names)) == 12
    assert {pool_of(name) for name in names} == {pool}


@pytest.mark.parametrize("name", ["postgresql", "metrics", "beat", "e2e-gateway", "watcher"])
def test_other_processes_are_of_no_pool(name: str) -> None:
    assert pool_of(name) is None


def test_the_sizes_of_a_pool_are_remembered() -> None:
    stack = Stack.of("bench")
    stack.places.create()
    stack.places.pools_file.write_text(json.dumps({"bids": 4}), encoding="utf-8")
    try:
        names = [program.name for program in Stack.of("bench").application()]
    finally:
        stack.places.pools_file.unlink()
    assert [name for name in names if name.startswith("worker-bids")] == pool_names("bids", 4)
