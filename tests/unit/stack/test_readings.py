"""Reading other programs' output and the kernel's tables."""

import errno

import pytest

from stack.commands import reason_in
from stack.control import Process
from stack.faults import fault_of
from stack.lifecycle import render_status
from stack.ports import listening_inodes
from stack.toolchains import at_least, version_in

TCP_TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3FFB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1
   1: 0100007F:3FFB 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 4243 1
   2: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4244 1
"""


def test_the_listener_on_a_port_is_found_not_its_connections() -> None:
    assert listening_inodes(TCP_TABLE, 16379) == {"4242"}


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("go version go1.19.8 linux/amd64", "1.19.8"),
        ("v18.20.4", "18.20.4"),
        ('openjdk version "17.0.15" 2025-04-15', "17.0.15"),
        ("", "0"),
    ],
)
def test_a_version_is_found_in_what_a_tool_prints(printed: str, version: str) -> None:
    assert version_in(printed) == version


@pytest.mark.parametrize(
    ("version", "version_min", "enough"),
    [
        ("1.22", "1.22", True),
        ("1.9", "1.22", False),
        ("20.19.1", "20.19", True),
        ("0", "17", False),
    ],
)
def test_versions_compare_as_numbers(version: str, version_min: str, *, enough: bool) -> None:
    assert at_least(version, version_min) is enough


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (
            "Collecting x\nERROR: No matching distribution\nnotice",
            "ERROR: No matching distribution",
        ),
        (
            "error: Failed to download `x`\n  cause: Hash mismatch for `x`\n  Computed: 0",
            "cause: Hash mismatch for `x`",
        ),
        ("E: Unable to locate package q\n", "E: Unable to locate package q"),
        ("npm error code EUSAGE\nnpm error missing lock\n", "npm error missing lock"),
        (
            "WARNING: Retrying: Temporary failure in name resolution\nERROR: none of version 1",
            "a server on the network cannot be reached: check the connection and run this again",
        ),
        (
            "npm error code EAI_AGAIN\nnpm error syscall getaddrinfo",
            "a server on the network cannot be reached: check the connection and run this again",
        ),
        (
            "FATAL:  could not write: No space left on device\ninitdb: removing data directory",
            "the disk is full: make room and run this again",
        ),
        ("Traceback\n  line\nValueError: bad\n\n", "ValueError: bad"),
        ("", "no output"),
    ],
)
def test_the_line_with_the_cause_is_shown(output: str, reason: str) -> None:
    assert reason_in(output) == reason


def test_a_full_disk_is_reported() -> None:
    fault = fault_of(OSError(errno.ENOSPC, "No space left on device", "/data/x"))
    assert str(fault).startswith("the disk is full at /data/x: make room")


def test_status_names_failing_processes_and_their_logs() -> None:
    well = Process(name="redis", state="RUNNING", pid=7, uptime_s=3_723, restarts=0, dying=False)
    failing = Process(name="beat", state="BACKOFF", pid=0, uptime_s=0, restarts=4, dying=True)
    table = render_status([well, failing])
    assert "1:02:03" in table
    assert "beat keeps dying: see `make logs p=beat`" in table
    assert "redis keeps" not in table
