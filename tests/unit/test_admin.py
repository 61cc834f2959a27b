"""A wrong `app.admin` command prints one line, and exits with 2."""

import sys

import pytest

from app.admin import main


@pytest.mark.parametrize(
    "command",
    ["", "grant", "grant a@b.c", "grant a@b.c king", "suspend", "suspend a@b.c --lif", "ban a b",
     "unban a@b.c", "after-restore --dry"],
)  # fmt: skip
def test_a_wrong_command_is_reported_in_one_line(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["admin", *command.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    assert (ended.value.code, output.out, output.err.count("\n")) == (2, "", 1)
    assert output.err.startswith("python -m app.admin")
