"""The commands of docs/lanes/tutorial.md, in an empty folder with nothing but the wheel."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from app.settings import read_settings
from lanes.kafka.security import client_arguments
from stack.chores import WHEELS
from stack.places import CHECKOUT
from tests.integration.database import own_database
from tests.servers import redis_url

PAGE = CHECKOUT / "docs" / "lanes" / "tutorial.md"
TOPICS = ["orders", "orders.DLT", "order-totals"]
REDIS_DATABASE = 6  # used by no other test
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVERS = "servers"  # marks what says where they are
PLACE = "CHECKOUT"  # the page's word for the checkout that the wheel was made in
LASTS_S = 600


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder instead of a checkout: in it the wheel is where `make wheel` puts it."""
    folder = tmp_path_factory.mktemp("checkout")
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir")
    subprocess.run((*command, str(folder / WHEELS), str(CHECKOUT)), check=True)
    return folder


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Where the servers are, with an empty database and without the tutorial's topics."""
    with own_database("tutorial") as found:
        admin = KafkaAdminClient(**client_arguments(read_settings(found).kafka))
        admin.delete_topics(TOPICS, raise_errors=False)
        prefixes = ("PATH", "HOME", "DATABASE_URL", "KAFKA_", "PIP_")
        yield {
            **{name: value for name, value in found.items() if name.startswith(prefixes)},
            "KAFKA_REPLICATION": "1",
            "KAFKA_MIN_ISR": "1",
            "REDIS_URL": redis_url(REDIS_DATABASE),
        }
        admin.delete_topics(TOPICS, raise_errors=False)
        admin.close()


def script(page: str, checkout: Path) -> str:
    """Return the page as a shell script: its commands, and its files in their places."""
    lines = ["set -e", "trap 'kill $(jobs -p) 2> /dev/null' EXIT"]
    for language, name, text in BLOCK.findall(page):
        if language == "python":
            lines.append(f"cat > {name} << 'END_OF_FILE'\n{text}END_OF_FILE")
        elif name != SERVERS:
            lines.append(text.replace(PLACE, str(checkout)))
    return "\n".join(lines)


def run(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> str:
    """What a command prints. Fails with it, and with the logs in the folder, when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LASTS_S,
        check=False,
    )
    if done.returncode != 0:
        logs = [f"{log.name}:\n{log.read_text()[-2_000:]}" for log in folder.glob("*.log")]
        pytest.fail("\n".join([done.stdout, done.stderr, *logs]))
    return done.stdout


@pytest.mark.parametrize("schema", ["lanes", "order"])
def test_the_commands_of_the_tutorial_work(
    tmp_path: Path, checkout: Path, environment: dict[str, str], schema: str
) -> None:
    own = {**environment, "LANES_SCHEMA": schema}
    commands = script(PAGE.read_text(encoding="utf-8"), checkout)
    said = run(("bash", "-c", commands), tmp_path, own)
    assert f"schema {schema} is at revision" in said
    assert "9999 orders, 0 doubled, 0 out of order" in said
    assert "ValueError: an order of thirteen" in said
    assert "1 replayed" in said
    assert "10000 orders, 0 doubled, 0 out of order" in said
    assert "nothing is violated" in said
    python = str(tmp_path / "venv" / "bin" / "python")
    imported = run(
        (python, "-c", "import sys, my_app; print(*sys.modules, sep='\\n')"), tmp_path, environment
    ).split()
    packages = {name.partition(".")[0] for name in imported}
    assert "lanes" in packages
    assert packages & {"app", "bridge", "workers", "stack", "flask", "pymongo", "argon2"} == set()
