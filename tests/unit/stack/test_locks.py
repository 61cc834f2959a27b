"""What the check of the lock files names."""

import json
import shutil
from pathlib import Path

import pytest

from stack.places import CHECKOUT
from stack.supply.__main__ import faults
from stack.supply.locks import NPM_LOCKS

FILES = (
    "requirements.txt",
    "requirements-stack.txt",
    "requirements-dev.txt",
    "requirements.lock",
    "requirements-stack.lock",
    "requirements-dev.lock",
    *NPM_LOCKS,
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the files that say what is installed."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    shutil.copytree(CHECKOUT / "stack/locks", tmp_path / "stack/locks")
    return tmp_path


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_lock_files_of_this_checkout_are_right(checkout: Path) -> None:
    assert list(faults(checkout)) == []


def test_another_version_in_requirements_is_named(checkout: Path) -> None:
    replace(checkout / "requirements.txt", "flask==", "flask==0.")
    found = "\n".join(faults(checkout))
    assert "requirements.lock lacks flask 0.3" in found
    assert "requirements-dev.lock lacks flask 0.3" in found
    assert "does not ask for: make lock" in found


def test_a_package_that_is_no_longer_required_is_named(checkout: Path) -> None:
    replace(checkout / "requirements-dev.txt", "vulture==", "# vulture==")
    assert [line for line in faults(checkout) if "requirements-dev.lock has vulture" in line]


def test_a_missing_or_outdated_lock_file_is_named(checkout: Path) -> None:
    (checkout / "requirements.lock").unlink()
    replace(checkout / "stack/locks/requirements-uv.lock", "uv==", "uv==9")
    found = list(faults(checkout))
    assert "requirements.lock is missing: make lock" in found
    assert [line for line in found if "requirements-uv.lock lacks uv" in line]


def test_run_time_and_development_must_agree_on_versions(checkout: Path) -> None:
    replace(checkout / "requirements-dev.lock", "\namqp==", "\namqp==9")
    assert "requirements-dev.lock has another amqp than requirements-stack.lock: make lock" in list(
        faults(checkout)
    )


def test_a_pin_without_hashes_and_an_address_are_named(checkout: Path) -> None:
    with (checkout / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("zebra==1\n    # via amqp\n--index-url https://index.example/simple\n")
    found = list(faults(checkout))
    assert "requirements.lock: zebra has no hash: make lock" in found
    assert [line for line in found if line.startswith("requirements.lock names an address")]


def test_an_npm_package_without_hash_or_from_an_address_is_named(checkout: Path) -> None:
    file = checkout / NPM_LOCKS[0]
    lock = json.loads(file.read_text(encoding="utf-8"))
    preact = lock["packages"]["node_modules/preact"]
    del preact["integrity"]
    preact["resolved"] = "https://index.example/preact.tgz"
    file.write_text(json.dumps(lock), encoding="utf-8")
    found = [line for line in faults(checkout) if "node_modules/preact " in line]
    assert [line.partition(" has ")[2] for line in found][:1] == ["no hash: npm install"]
    assert len(found) == 2
