"""Parts under licences that are unknown or not allowed are named, and the page is up to date."""

import pytest

from stack.places import CHECKOUT
from stack.supply.licences import PAGE, faults, is_allowed, licence_of, page, read_rules
from stack.supply.parts import BUNDLE, NPM, RUNS, SERVERS, TOOLS, Part, all_parts

RULES = read_rules()


def named(part: Part, licence: str) -> list[str]:
    licences = {part: licence}
    return list(faults(licences, RULES, page(licences)))


@pytest.mark.parametrize(
    "licence", ["AGPL-3.0-only", "SSPL-1.0", "GPL-3.0-only", "LicenseRef-Confluent", "unknown"]
)
@pytest.mark.parametrize("section", [RUNS, BUNDLE])
def test_a_part_under_another_licence_is_named(section: str, licence: str) -> None:
    (found,) = named(Part(section, "thing", "1.0"), licence)
    assert found.startswith("thing 1.0: ")


@pytest.mark.parametrize(("licence", "faults"), [("GPL-3.0-only", 0), ("AGPL-3.0-only", 1)])
@pytest.mark.parametrize("section", [TOOLS, NPM])
def test_tools_may_be_under_the_gpl_and_not_under_the_agpl(
    section: str, licence: str, faults: int
) -> None:
    assert len(named(Part(section, "tool", "1.0"), licence)) == faults


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True),
        ("AGPL-3.0-only OR MIT", True),
        ("AGPL-3.0-only AND MIT", False),
        ("MIT AND AGPL-3.0-only OR ISC AND MIT", True),
        ("(MIT OR AGPL-3.0-only) AND ISC", False),  # must be stated: no parser reads this correctly
        ("a licence of ours", False),
    ],
)
def test_a_choice_needs_one_allowed_side_and_a_sum_all(expression: str, verdict: bool) -> None:  # noqa: FBT001
    assert is_allowed(expression, {"MIT", "ISC"}) is verdict


def test_a_part_that_the_page_lacks_is_named() -> None:
    licences = {Part(RUNS, "thing", "1.0"): "MIT", Part(RUNS, "other", "2.0"): "MIT"}
    shown = page({Part(RUNS, "thing", "1.0"): "MIT", Part(RUNS, "other", "1.0"): "MIT"})
    assert "docs/licences.md lacks other 2.0 under MIT: make docs" in list(
        faults(licences, RULES, shown)
    )


def test_a_server_without_a_known_licence_is_named() -> None:
    part = Part(SERVERS, "vendor/thing", "1")
    assert licence_of(Part(SERVERS, "mongo", "7"), RULES, {}) == "SSPL-1.0"
    assert named(part, licence_of(part, RULES, {}))[0].startswith("vendor/thing 1: licence unknown")


def test_every_part_of_the_lock_files_is_on_the_page() -> None:
    shown = PAGE.read_text(encoding="utf-8")
    parts = all_parts(CHECKOUT)
    assert {part.section for part in parts} >= {RUNS, TOOLS, BUNDLE, NPM, SERVERS}
    assert [part for part in parts if f"| {part.name} | {part.version} |" not in shown] == []
