"""deploy/secrets.sh makes every file that the compose file mounts, readable by its service only."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from app.settings import read_settings
from stack.deployment.loading import COMPOSE_FILE, compose_project
from stack.places import CHECKOUT

SCRIPT = CHECKOUT / "deploy" / "secrets.sh"
MOUNTED, AT_KAFKA = "/run/secrets", "/run/kafka"
STORES = ("postgresql", "redis-broker", "redis-fanout", "redis-auth", "mongodb")


def make(directory: Path) -> str:
    """Run the script; return its output."""
    command = ("sh", str(SCRIPT), str(directory))
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("secrets")
    make(directory)
    return directory


def files_in(directory: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(directory)): file.read_bytes()
        for file in directory.rglob("*")
        if file.is_file()
    }


def test_all_that_the_compose_file_reads_is_made(secrets: Path) -> None:
    for name, service in compose_project()["services"].items():
        mounts = {one["target"]: one["source"] for one in service.get("volumes", [])}
        text = " ".join([str(service.get("environment")), *(service.get("command") or [])])
        for target, wanted in re.findall(rf"({MOUNTED}|{AT_KAFKA})/([\w.]+)", text):
            folder = Path(mounts[target]).name
            assert (secrets / folder / wanted).read_bytes(), f"{name}: {folder}/{wanted}"


def test_the_configuration_of_stores_names_files_that_are_made(secrets: Path) -> None:
    folders = {store.partition("-")[0]: store for store in (*STORES, "kafka")}
    for file in (COMPOSE_FILE.parent / "deploy" / "compose").iterdir():
        folder = folders.get(re.split(r"[-.]", file.name)[0])
        for wanted in re.findall(rf"(?:{MOUNTED}|\$secrets)/([\w.]+)", file.read_text("utf-8")):
            assert folder
            assert (secrets / folder / wanted).exists(), f"{file.name}: {wanted}"


def test_the_settings_accept_generated_secrets_with_tls(secrets: Path) -> None:
    environment = compose_project()["services"]["gateway"]["environment"]
    folders = {MOUNTED: str(secrets / "house"), AT_KAFKA: str(secrets / "kafka-gateway")}
    contents = {}
    for name, value in environment.items():
        (folder, _, file) = value.rpartition("/")
        contents[name] = f"{folders[folder]}/{file}" if folder in folders else value
    settings = read_settings(contents)
    assert settings.profile == "production"
    assert "sslmode=verify-full" in settings.database_url
    assert settings.kafka_security_protocol == "SASL_SSL"
    urls = (settings.redis_broker_url, settings.redis_fanout_url, settings.redis_auth_url)
    assert all(url.startswith("rediss://auction:") for url in urls)
    assert len(set(urls)) == 3
    assert "tls=true" in settings.mongodb_url


@pytest.mark.parametrize("store", [*STORES, "kafka"])
def test_each_store_has_a_signed_certificate_for_its_name(store: str, secrets: Path) -> None:
    host = "kafka-3" if store == "kafka" else store
    files = ("-CAfile", str(secrets / "house" / "ca.crt"), str(secrets / store / "server.crt"))
    verified = subprocess.run(
        ("openssl", "verify", "-verify_hostname", host, *files), capture_output=True, check=False
    )
    assert verified.returncode == 0, verified.stderr


def test_a_secret_is_readable_by_its_service_only(secrets: Path) -> None:
    for path in secrets.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    if os.geteuid() == 0:
        assert (secrets / "house" / "secret_key").stat().st_uid == 10001
        assert (secrets / "ca" / "ca.key").stat().st_uid == 0


def test_a_second_run_only_restores_a_lost_file(secrets: Path) -> None:
    before = files_in(secrets)
    make(secrets)
    assert files_in(secrets) == before
    (secrets / "redis-auth" / "password").unlink()
    make(secrets)
    changed = {name for name, content in files_in(secrets).items() if before[name] != content}
    assert changed == {"redis-auth/password", "redis-auth/users.acl", "house/redis_auth_url"}


def test_a_wrong_call_prints_the_usage() -> None:
    result = subprocess.run(("sh", str(SCRIPT)), capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "usage: secrets.sh DIRECTORY" in result.stderr
