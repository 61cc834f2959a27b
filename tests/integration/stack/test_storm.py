"""A storm that cannot be run is refused in one clear line, with 2."""

import pytest

from stack.__main__ import main
from stack.ports import HOST, is_free

PORT = 9  # discard: nothing listens


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", f"http://{HOST}:{PORT}"], f"nothing answers at http://{HOST}:{PORT}"),
        (["--url", "nowhere"], "nowhere is not an address such as http://"),
        (["--url", "http://[::1"], "is not an address such as http://"),
        (["--url", "ftp://127.0.0.1"], "is not an address such as http://"),
        (["storm", "spread"], "unrecognized arguments: spread"),
        (["tempest"], "no script tempest: there are chat, http, reconnect, soak, spread, storm"),
    ],
)
def test_an_impossible_storm_is_one_line_and_exit_2(
    arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert is_free(PORT)
    assert main(["storm", *arguments]) == 2
    printed = capfd.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert printed.err.startswith("storm: ")
    assert words in printed.err
