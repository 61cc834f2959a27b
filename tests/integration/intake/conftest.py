"""A database for all tests here, and for each a topic without a consumer yet."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.platform.cluster import ListsCluster, lists_database, open_cluster


@pytest.fixture(scope="package")
def database() -> Iterator[tuple[Mapping[str, str], Engine]]:
    """The platform's tables and those of lists."""
    with lists_database() as found:
        yield found


@pytest.fixture(scope="package", autouse=True)
def _metrics_stay_here() -> Iterator[None]:
    """Keep the pipelines' counts in this process: the application does not know these topics."""
    yield
    for file in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob(f"*_{os.getpid()}.db"):
        file.unlink()


@pytest.fixture
def cluster(database: tuple[Mapping[str, str], Engine], tmp_path: Path) -> Iterator[ListsCluster]:
    """Lists."""
    environment, engine = database
    with open_cluster(environment, engine, logs=tmp_path) as cluster:
        yield cluster
