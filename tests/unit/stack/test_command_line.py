"""The command line of the stack: arguments after a verb are the verb's, also `--help`."""

import pytest

from stack.__main__ import main


def test_without_a_verb_help_is_about_the_stack(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "start everything" in capsys.readouterr().out


def test_help_after_a_verb_is_about_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["scale", "--help"])
    assert "--pool" in capsys.readouterr().out


def test_help_after_a_verb_with_arguments_is_the_verbs(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main(["faults", "--help"]) == 0
    assert "--minutes" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: VERB"),
        (["down", "now"], "unrecognized arguments: now"),
        (["upp"], "invalid choice"),
    ],
)
def test_a_wrong_command_line_is_refused(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("stack: ")
    assert (printed.err.count("\n"), printed.out) == (1, "")
    assert complaint in printed.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--with", "nonsense"], "nothing to add named nonsense: with=prometheus"),
        (["--with", "prometheus,b,a"], "nothing to add named a, b: with=prometheus"),
        (["--with", "prometheus", "now"], "unrecognized arguments: now"),
    ],
)
def test_an_unknown_addition_is_refused_before_the_start(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["up", *arguments]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"stack: {complaint}\n")


def test_without_a_prometheus_no_board_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boards", "--profile", "bench"]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith("stack: no Prometheus runs: make up with=prometheus")
