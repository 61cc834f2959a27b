"""Commands report what is wrong in one line, and print tables that stay aligned."""

import argparse

import pytest

from lanes.__main__ import make_parser
from lanes.command_line import (
    INTERRUPTED,
    REFUSED,
    Parser,
    count,
    moment,
    parse_arguments,
    perform,
    table,
)

PROGRAM = "python -m lanes"


def run(error: BaseException | None = None) -> int:
    def command() -> int:
        if error is not None:
            raise error
        return 1

    return perform(
        PROGRAM,
        command,
        describe=lambda found: str(found) if isinstance(found, ValueError) else None,
    )


def test_the_exit_code_is_that_of_the_command() -> None:
    assert run() == 1


def test_a_described_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ValueError("no such lane")) == REFUSED
    assert capsys.readouterr().err == f"{PROGRAM}: no such lane\n"


def test_an_interrupted_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(KeyboardInterrupt()) == INTERRUPTED
    assert capsys.readouterr().err.startswith(f"{PROGRAM}: interrupted")


def test_a_bug_is_no_line() -> None:
    with pytest.raises(KeyError):
        run(KeyError("bug"))


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "x", "²"])
def test_what_is_no_number_from_1_on_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        count(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-27", "2026-11-27T12:00:00"])
def test_a_time_without_its_zone_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        moment(text)


def test_bytes_that_are_no_text_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_arguments(Parser(prog=PROGRAM), ["\udcff"])
    assert ended.value.code == REFUSED
    assert capsys.readouterr().err == f"{PROGRAM}: the arguments are not UTF-8\n"


def test_columns_are_aligned_and_cursors_are_not_moved() -> None:
    assert table(("A", "LONG"), [(1, "x\x1by"), (22, "z")]) == "A   LONG\n1   x\\x1by\n22  z"


@pytest.mark.parametrize(
    "command",
    [
        "lanes --limit 3",
        "lanes park orders 17 --reason held",
        "lanes unpark orders 17",
        "lanes unpark --partition save orders 3",
        "replay list --key 17 --reason HandlerError --topic orders --limit 3",
        "replay list --id 17 --id abc --since 2026-11-27T12:00:00Z --until 2026-11-28T12:00:00Z",
        "replay show 17",
        "replay run --dry-run --force --rate 5 --limit 3",
        "audit --sample --json --key 17 --since 2026-11-27T12:00:00Z",
    ],
)
def test_every_command_of_operators_is_read(command: str) -> None:
    assert callable(make_parser().parse_args(command.split()).act)
