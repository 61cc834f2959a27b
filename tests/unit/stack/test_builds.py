"""Downloaded files have the pinned hashes."""

import subprocess
from pathlib import Path

import pytest

from stack.builds import check_hashes
from stack.faults import StackFault


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    """Two files, whose hashes are in hashes.sha256 beside their folder."""
    folder = tmp_path / "jars"
    folder.mkdir()
    for name in ("a.jar", "b.jar"):
        (folder / name).write_text(name, encoding="utf-8")
    hashes = subprocess.run(
        ("sha256sum", "a.jar", "b.jar"), cwd=folder, capture_output=True, check=True
    ).stdout
    (tmp_path / "hashes.sha256").write_bytes(hashes)
    return folder


def test_files_that_are_as_pinned_pass(jars: Path) -> None:
    check_hashes(jars, jars.with_name("hashes.sha256"))


@pytest.mark.parametrize(
    ("name", "content"), [("b.jar", "changed"), ("b.jar", None), ("c.jar", "more")]
)
def test_another_file_a_missing_one_and_one_more_are_named(
    jars: Path, name: str, content: str | None
) -> None:
    if content is None:
        (jars / name).unlink()
    else:
        (jars / name).write_text(content, encoding="utf-8")
    with pytest.raises(StackFault, match=rf"hashes\.sha256 pins them: {name}$"):
        check_hashes(jars, jars.with_name("hashes.sha256"))
