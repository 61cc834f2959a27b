"""How the tests are distributed over the processes of `make test`."""

import pytest

from stack.places import CHECKOUT
from tests.conftest import FIRST, SHARED, group_of, place_of

LANES = "tests/integration/lanes/"


@pytest.mark.parametrize("path", sorted({*SHARED, *FIRST}))
def test_every_named_path_exists(path: str) -> None:
    assert (CHECKOUT / path).exists()


def test_tests_that_share_a_cluster_are_one_group() -> None:
    assert group_of(f"{LANES}test_lately.py::test_a") == group_of(f"{LANES}test_old_log.py::test_b")
    assert group_of("tests/e2e/test_page.py::test_a[x::y]") == "tests/e2e/test_page.py"


def test_the_longest_matching_folder_decides_the_order() -> None:
    assert place_of("tests/e2e/faults/test_campaign.py::test_a") == 0
    assert place_of("tests/e2e/faults/test_drains.py::t") < place_of("tests/e2e/test_page.py::t")
    assert place_of("tests/unit/stack/test_settings.py::test_a") == len(FIRST)
