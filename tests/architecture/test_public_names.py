"""The platform's public names load none of its drivers."""

import ast
from pathlib import Path

import lanes
from tests.architecture.test_process_imports import modules_after

DRIVERS = {"kafka", "redis", "sqlalchemy", "psycopg2", "celery", "kombu", "app"}
USE_OF_ALL = "import lanes\nfor name in lanes._MODULES: getattr(lanes, name)"


def test_importing_the_platform_loads_no_driver() -> None:
    loaded = modules_after("import lanes")
    assert {name for name in loaded if name.startswith("lanes.")} == set()


def test_the_public_names_load_no_driver() -> None:
    assert modules_after(USE_OF_ALL) & DRIVERS == set()


def test_types_are_checked_for_exactly_the_public_names() -> None:
    tree = ast.parse(Path(lanes.__file__).read_text())
    checked = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("lanes.")
        for alias in node.names
    }
    assert checked == lanes._MODULES
