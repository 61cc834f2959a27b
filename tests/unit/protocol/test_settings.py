"""Settings are read once, and every fault is told at once."""

import pytest

from app.settings import SettingsError, read_settings

GOOD = {
    "BASE_URL": "http://127.0.0.1:8080",
    "DATABASE_URL": "postgresql://127.0.0.1/auction",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "REDIS_BROKER_URL": "redis://127.0.0.1/1",
    "REDIS_FANOUT_URL": "redis://127.0.0.1/2",
    "REDIS_AUTH_URL": "redis://127.0.0.1/3",
    "MONGODB_URL": "mongodb://127.0.0.1/auction",
    "SECRET_KEY": "x" * 32,
}


def test_limits_may_be_set_in_the_environment() -> None:
    assert read_settings({**GOOD, "SETTLE_BATCH_MAX": "7"}).limits.settle_batch_max == 7


def test_our_own_address_is_an_allowed_origin() -> None:
    settings = read_settings({**GOOD, "ALLOWED_ORIGINS": "https://a.example, https://b.example"})
    assert settings.origins == {GOOD["BASE_URL"], "https://a.example", "https://b.example"}


def test_every_fault_is_named() -> None:
    wrong = {**GOOD, "SECRET_KEY": "short", "STATES_PER_S_MAX": "many"}
    del wrong["DATABASE_URL"]
    with pytest.raises(SettingsError) as caught:
        read_settings(wrong)
    told = str(caught.value)
    assert all(name in told for name in ("SECRET_KEY", "STATES_PER_S_MAX", "DATABASE_URL"))
    assert len(told.splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "value"), [("PASSWORD_MEMORY_KIB", "19455"), ("PASSWORD_PASSES", "1")]
)
def test_a_hash_that_is_too_cheap_is_no_setting(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**GOOD, name: value})
