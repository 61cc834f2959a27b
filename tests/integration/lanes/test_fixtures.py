"""The fixtures that a user's tests of a handler's store get from the platform."""

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.database import own_database

CONFTEST = 'pytest_plugins = ["lanes.testing.fixtures"]\n'
TESTS = """
import pytest

class InMemory:
    def balance(self, tx, key):
        return tx.get("accounts", key) or 0

    def save(self, tx, key, balance):
        tx.put("accounts", key, balance)

class InSql:
    def balance(self, tx, key):
        query = "SELECT balance FROM accounts WHERE key = %s"
        return tx.exec_driver_sql(query, (key,)).scalar() or 0

    def save(self, tx, key, balance):
        tx.exec_driver_sql("INSERT INTO accounts VALUES (%s, %s)", (key, balance))

@pytest.fixture(params=["memory", "postgres"])
def accounts(request):
    tx = request.getfixturevalue(f"{request.param}_transaction")
    if request.param == "postgres":
        tx.exec_driver_sql("CREATE TABLE accounts (key text PRIMARY KEY, balance int)")
    return tx, {"memory": InMemory, "postgres": InSql}[request.param]()

@pytest.mark.parametrize("run", [1, 2])
def test_what_is_saved_is_read(accounts, run):
    tx, store = accounts
    assert store.balance(tx, "a") == 0
    store.save(tx, "a", 5)
    assert store.balance(tx, "a") == 5
"""


def test_one_test_runs_in_memory_and_on_postgresql(tmp_path: Path) -> None:
    with own_database("fixtures") as environment:
        output = _run_tests(tmp_path, environment)
    assert "4 passed" in output, output


def test_without_a_database_a_test_fails(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    output = _run_tests(tmp_path, environment)
    assert "2 passed, 2 errors" in output, output
    assert "set DATABASE_URL" in output, output


def _run_tests(folder: Path, environment: dict[str, str]) -> str:
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_accounts.py").write_text(TESTS, encoding="utf-8")
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".", ".")
    path = os.pathsep.join(filter(None, [str(Path.cwd()), environment.get("PYTHONPATH", "")]))
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr
