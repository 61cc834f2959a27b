"""docs/lanes/configuration.md lists every setting of a platform."""

import pytest
from msgspec import Struct
from msgspec.structs import fields

from lanes.configuration import PREFIXES, main, meaning, page, variable
from stack.places import CHECKOUT

PAGE = CHECKOUT / "docs" / "lanes" / "configuration.md"


@pytest.mark.parametrize("kind", PREFIXES)
def test_every_setting_says_what_it_is_and_is_listed_once(kind: type[Struct]) -> None:
    lines = page().splitlines()
    for field in fields(kind):
        assert meaning(field)
        (line,) = [line for line in lines if line.startswith(f"| `{variable(kind, field)}` |")]
        assert line.endswith(f"| {meaning(field)} |")


def test_the_page_is_what_is_declared() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_stale_page_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(PAGE), "--check"]) == 0
    monkeypatch.setattr("lanes.configuration.INTRODUCTION", "# Another\n")
    assert main([str(PAGE), "--check"]) == 1
    assert "docs/lanes/configuration.md" in capsys.readouterr().out
