"""The paths of a profile's data."""

from pathlib import Path

import pytest

from stack.faults import StackFault
from stack.places import SOCKET_PATH_BYTES_MAX, Places, data_dir_of, reachable_by_others


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """A directory that every user may enter, were its parents open."""
    directory = tmp_path / "open"
    directory.mkdir()
    directory.chmod(0o755)
    return directory


def test_an_unreadable_parent_directory_is_unusable(open_path: Path) -> None:
    closed = open_path / "closed"
    closed.mkdir(mode=0o700)
    assert not reachable_by_others(closed / "below" / "further")


def test_a_missing_directory_is_as_reachable_as_its_parent() -> None:
    assert reachable_by_others(Path("/nowhere/yet"))


def test_data_stays_where_it_was_first_put(open_path: Path) -> None:
    run_dir = open_path / "var" / "local"
    chosen = open_path / "elsewhere" / "local"
    Places(root=open_path, run_dir=run_dir, data_dir=chosen).create()
    assert data_dir_of(run_dir, wanted=None) == chosen
    assert data_dir_of(run_dir, wanted=str(chosen.parent)) == chosen


def test_data_stays_when_the_setting_changes(open_path: Path) -> None:
    run_dir = open_path / "var" / "local"
    Places(root=open_path, run_dir=run_dir, data_dir=run_dir / "data").create()
    with pytest.raises(StackFault, match="unset STACK_DATA_DIR"):
        data_dir_of(run_dir, wanted=str(open_path / "elsewhere"))


def test_a_deep_checkout_has_a_socket_whose_path_is_short_enough(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / "local"
    places = Places(root=tmp_path, run_dir=deep, data_dir=deep)
    assert len(str(places.socket)) <= SOCKET_PATH_BYTES_MAX
