"""Settings are read once, and all faults are reported at once."""

import re
from pathlib import Path

import msgspec
import pytest

from app.settings import Settings, SettingsError, read_settings

GOOD = {
    "PROFILE": "local",
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
    message = str(caught.value)
    assert all(name in message for name in ("SECRET_KEY", "STATES_PER_S_MAX", "DATABASE_URL"))
    assert len(message.splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "value"), [("PASSWORD_MEMORY_KIB", "19455"), ("PASSWORD_PASSES", "1")]
)
def test_a_hash_that_is_too_cheap_is_no_setting(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**GOOD, name: value})


def test_tokens_are_signed_with_one_key_and_believed_of_each() -> None:
    old, older = "o" * 32, "p" * 40
    settings = read_settings({**GOOD, "SECRET_KEYS_ACCEPTED": f"{old},{older},{old}"})
    assert settings.token_keys == (settings.secret_key, old, older)
    assert read_settings(GOOD).token_keys == (settings.secret_key,)
    for wrong in ("short", f"{old},", f"{old}, {older}", f"{old},short"):
        message = fault_of({**GOOD, "SECRET_KEYS_ACCEPTED": wrong}, "SECRET_KEYS_ACCEPTED")
        assert wrong not in message


@pytest.mark.parametrize("name", ["HISTORY_DAYS", "NOTICE_DAYS", "CHAT_DAYS", "DEAD_LETTER_DAYS"])
def test_retention_is_at_least_that_of_kafka(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**GOOD, name: "7"})
    read_settings({**GOOD, name: "36500"})


def test_every_setting_may_be_in_a_file(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("SECRET_KEY", "SETTLE_BATCH_MAX")}
    files["SECRET_KEY"].write_text("y" * 32 + "\n", encoding="utf-8")
    files["SETTLE_BATCH_MAX"].write_text("7", encoding="utf-8")
    others = {name: value for name, value in GOOD.items() if name not in files}
    named = {f"{name}_FILE": str(file) for name, file in files.items()}
    settings = read_settings({**others, **named})
    assert settings.secret_key == "y" * 32
    assert settings.limits.settle_batch_max == 7


def test_a_missing_empty_or_repeated_secret_is_one_line(tmp_path: Path) -> None:
    others = {name: value for name, value in GOOD.items() if name != "SECRET_KEY"}
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    for file, why in ((tmp_path / "none", "No such file"), (empty, "is empty")):
        assert why in fault_of({**others, "SECRET_KEY_FILE": str(file)}, "SECRET_KEY_FILE")
    empty.write_text("x" * 32, encoding="utf-8")
    message = fault_of({**GOOD, "SECRET_KEY_FILE": str(empty)}, "SECRET_KEY")
    assert "SECRET_KEY_FILE" in message
    assert "x" * 32 not in message


@pytest.mark.parametrize("name", [name for name in GOOD if name != "PROFILE"])
def test_a_missing_secret_prevents_the_start(name: str) -> None:
    fault_of({other: value for other, value in GOOD.items() if other != name}, name)


def test_no_secret_has_a_default() -> None:
    """An optional secret switches its feature off; it has no default value."""
    secrets = [
        field for field in msgspec.structs.fields(Settings)
        if re.search("secret|password|keyfile", field.name)
    ]  # fmt: skip
    assert {"secret_key", "google_client_secret"} <= {field.name for field in secrets}
    assert {field.default for field in secrets} == {msgspec.NODEFAULT, ""}


SASL = {"KAFKA_SASL_USERNAME": "gateway", "KAFKA_SASL_PASSWORD": "secret"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", **SASL, "KAFKA_SASL_MECHANISM": "OAUTH"},
         "KAFKA_SASL_MECHANISM"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_PASSWORD": "secret"},
         "KAFKA_SASL_USERNAME"),
        ({"KAFKA_SASL_PASSWORD": "secret"}, "KAFKA_SASL_PASSWORD"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", **SASL, "KAFKA_CLOCK_USERNAME": "clock"},
         "KAFKA_CLOCK_USERNAME"),
        ({"KAFKA_SSL_CAFILE": "/none"}, "KAFKA_SSL_CAFILE"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL"}, "KAFKA_SSL_CAFILE"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": "/none"}, "KAFKA_SSL_CAFILE"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": __file__}, "KAFKA_SSL_CAFILE"),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": "/none",
          "KAFKA_SSL_KEYFILE": "/none"}, "KAFKA_SSL_CERTFILE"),
    ],
)  # fmt: skip
def test_an_unreachable_kafka_is_reported_in_one_line(changes: dict[str, str], named: str) -> None:
    fault_of({**GOOD, **changes}, named)


SECURED = {
    **GOOD,
    **SASL,
    "PROFILE": "production",
    "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "DATABASE_URL": "postgresql://auction:secret@db/auction",
    "REDIS_BROKER_URL": "rediss://broker:secret@redis/0",
    "REDIS_FANOUT_URL": "rediss://:secret@redis/0",
    "REDIS_AUTH_URL": "rediss://auth@redis/0?ssl_certfile=/run/auth.pem",
    "MONGODB_URL": "mongodb://auction:secret@mongo/auction?tls=true",
    "SMTP_URL": "smtps://auction:secret@mail.example.org:465",
}


@pytest.mark.parametrize(
    "name",
    ["DATABASE_URL", "REDIS_BROKER_URL", "REDIS_FANOUT_URL", "REDIS_AUTH_URL", "MONGODB_URL"],
)
def test_in_production_every_store_has_a_password(name: str) -> None:
    read_settings(SECURED)
    fault_of({**SECURED, name: GOOD[name]}, name)


def test_production_needs_kafka_authentication() -> None:
    without = {name: value for name, value in SECURED.items() if "KAFKA_S" not in name}
    fault_of(without, "KAFKA_SECURITY_PROTOCOL")


@pytest.mark.parametrize(
    "url",
    ["", "smtp://auction:secret@mail.example.org", "smtps://mail.example.org", "smtps://a:b@",
     "mail.example.org:465"],
)  # fmt: skip
def test_production_mail_needs_tls_and_a_password_or_none(url: str) -> None:
    read_settings({**SECURED, "SMTP_URL": "smtp+starttls://a:b@mail.example.org"})
    read_settings({**SECURED, "SMTP_URL": "none"})
    fault_of({**SECURED, "SMTP_URL": url}, "SMTP_URL")


def fault_of(environment: dict[str, str], name: str) -> str:
    """The one line in which this variable is named."""
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"settings are wrong: {name}: ")
    return line


def test_production_accepts_only_the_real_providers() -> None:
    places = ("GOOGLE_ISSUER", "KAKAO_ISSUER", "KAKAO_API_URL", "NAVER_URL", "NAVER_API_URL")
    for name in places:
        for wrong_url in ("http://127.0.0.1:8090/x", "https://accounts.google.com.evil.example"):
            with pytest.raises(SettingsError, match=f"{name}: is https://"):
                read_settings({**GOOD, "PROFILE": "production", name: wrong_url})
        read_settings({**GOOD, name: "http://127.0.0.1:8090/x"})
        with pytest.raises(SettingsError, match=f"{name}: is no address"):
            read_settings({**GOOD, name: "ftp://x"})


def test_an_id_without_its_secret_is_no_log_in_by_a_provider(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="KAKAO_CLIENT_ID: it and KAKAO_CLIENT_SECRET"):
        read_settings({**GOOD, "KAKAO_CLIENT_ID": "house"})
    file = tmp_path / "secret"
    file.write_text("hidden\n", encoding="utf-8")
    named = {"KAKAO_CLIENT_ID": "house", "KAKAO_CLIENT_SECRET_FILE": str(file)}
    assert read_settings({**GOOD, **named}).kakao_client_secret == "hidden"
