"""How the tests themselves are shared out among the processes of `make test`."""

import pytest

from stack.places import CHECKOUT
from tests.conftest import FIRST, SHARED, group_of, place_of

LANES = "tests/integration/lanes/"


@pytest.mark.parametrize("path", sorted({*SHARED, *FIRST}))
def test_what_is_named_is_there(path: str) -> None:
    assert (CHECKOUT / path).exists()


def test_tests_that_share_a_house_are_one_group_and_others_those_of_their_file() -> None:
    assert group_of(f"{LANES}test_lately.py::test_a") == group_of(f"{LANES}test_old_log.py::test_b")
    assert group_of("tests/e2e/test_page.py::test_a[x::y]") == "tests/e2e/test_page.py"


def test_a_folder_begins_where_its_longest_name_says_and_what_is_short_comes_last() -> None:
    assert place_of("tests/e2e/faults/test_campaign.py::test_a") == 0
    assert place_of("tests/e2e/faults/test_drains.py::t") < place_of("tests/e2e/test_page.py::t")
    assert place_of("tests/unit/stack/test_settings.py::test_a") == len(FIRST)
