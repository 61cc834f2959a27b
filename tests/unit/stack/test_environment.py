"""The environment of application processes, and what `make env` prints."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from app.settings import read_settings as read_application_settings
from stack.credentials import Credentials, credentials_in
from stack.environment import addresses, application_environment
from stack.places import Places
from stack.settings import read_settings

SETTINGS = read_settings(profile="test", port_offset=0)


def _environment(directory: Path) -> dict[str, str]:
    places = Places(root=directory, run_dir=directory, data_dir=directory)
    credentials = credentials_in(directory)
    return application_environment(settings=SETTINGS, credentials=credentials, places=places)


def test_the_application_accepts_the_environment(tmp_path: Path) -> None:
    settings = read_application_settings(_environment(tmp_path))
    assert settings.base_url in settings.origins
    assert settings.profile == "local"


def test_redis_serves_four_purposes_from_four_databases(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    names = ("REDIS_URL", "REDIS_BROKER_URL", "REDIS_FANOUT_URL", "REDIS_AUTH_URL")
    assert [environment[name].rsplit("/", 1)[1] for name in names] == ["0", "1", "2", "3"]


def test_the_tests_gateway_has_two_processes_others_one() -> None:
    workers = {
        profile: read_settings(profile=profile, port_offset=0).gateway_workers
        for profile in ("local", "bench", "test", "faults")
    }
    assert workers == {"local": 1, "bench": 1, "test": 2, "faults": 2}


def test_addresses_are_printed_and_the_signing_key_is_not(tmp_path: Path) -> None:
    credentials = credentials_in(tmp_path)
    places = Places(root=tmp_path, run_dir=tmp_path, data_dir=tmp_path)
    printed = addresses(SETTINGS, credentials, places)
    promised = {"BASE_URL", "WS_URL", "DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL"}
    assert printed.keys() >= promised | {"MONGODB_URL", "FLOWER_URL"}
    assert credentials.secret_key not in " ".join(printed.values())


def test_credentials_are_drawn_once_for_the_owner_alone(tmp_path: Path) -> None:
    first = credentials_in(tmp_path)
    assert credentials_in(tmp_path) == first
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_old_data_keeps_its_secrets_and_gets_missing_ones(tmp_path: Path) -> None:
    drawn = credentials_in(tmp_path)
    file = tmp_path / "credentials.json"
    kept = {name: value for name, value in asdict(drawn).items() if "kafka_gateway" not in name}
    file.write_text(json.dumps(kept), encoding="utf-8")
    completed = credentials_in(tmp_path)
    assert replace(completed, kafka_gateway_password=drawn.kafka_gateway_password) == drawn
    assert credentials_in(tmp_path) == completed
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    first_draw, second_draw = (_drawn_in(tmp_path / name) for name in ("here", "there"))
    assert not set(vars_of(first_draw)) & set(vars_of(second_draw))


def _drawn_in(directory: Path) -> Credentials:
    directory.mkdir()
    return credentials_in(directory)


def vars_of(credentials: Credentials) -> list[str]:
    return [getattr(credentials, name) for name in credentials.__slots__]
