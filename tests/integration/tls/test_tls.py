"""Every store is reached over TLS with a password; what is wrong with either is one clear line."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import structlog

from app.provider_settings import PROVIDERS
from app.settings import read_settings
from app.store_versions import OLDEST
from app.unfit_stores import refuse_unfit_stores
from bridge.__main__ import make_topics
from lanes.kafka import topics
from stack import Stack
from tests.containers import build_container
from tests.integration.database import alembic
from tests.integration.http.applications import application
from tests.integration.tls import servers
from tests.integration.tls.certificates import Certificates, make_certificates
from tests.integration.tls.servers import PASSWORD, USER
from tests.operator import Operator

GUESSED = "battery-staple"
Fault = Callable[[dict[str, str], Certificates, str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Secured:
    """The variables that lead to each store over TLS, and the addresses of those without."""

    environment: dict[str, str]
    plain: dict[str, str]

    def store(self, name: str) -> dict[str, str]:
        """The variables of one store."""
        return {key: value for key, value in self.environment.items() if key.startswith(name)}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secured(
    stack: Stack, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    """All four, on servers of these tests; FerretDB is the stack's, behind TLS."""
    ca, own = certificates.authority, stack.environment()
    documents = urlsplit(own["MONGODB_URL"])
    log_in, _, ferretdb = documents.netloc.rpartition("@")
    with ExitStack() as opened:
        database = opened.enter_context(servers.postgresql(stack, certificates))
        redis = opened.enter_context(servers.redis(certificates))
        mongodb = opened.enter_context(servers.tls_in_front_of(ferretdb, certificates))
        logs = tmp_path_factory.mktemp("kafka")
        kafka, insecure = opened.enter_context(servers.kafka(stack, certificates, logs))
        verified = f"sslmode=verify-full&sslrootcert={ca}"
        redis_url = f"rediss://:{PASSWORD}@{redis}/0?ssl_ca_certs={ca}"
        yield Secured(
            {
                "DATABASE_URL": f"postgresql://{USER}:{PASSWORD}@{database}/auction?{verified}",
                "REDIS_BROKER_URL": redis_url,
                "REDIS_FANOUT_URL": redis_url,
                "REDIS_AUTH_URL": redis_url,
                "MONGODB_URL": f"mongodb://{log_in}@{mongodb}/auction?{documents.query}"
                f"&tls=true&tlsCAFile={ca}",
                "KAFKA_BOOTSTRAP_SERVERS": kafka,
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
                "KAFKA_SASL_USERNAME": USER,
                "KAFKA_SASL_PASSWORD": PASSWORD,
                "KAFKA_SSL_CAFILE": str(ca),
            },
            {
                "DATABASE": urlsplit(own["DATABASE_URL"]).netloc.rpartition("@")[2],
                "REDIS_FANOUT": urlsplit(own["REDIS_URL"]).netloc.rpartition("@")[2],
                "MONGODB": ferretdb,
                "KAFKA": insecure,
            },
        )


def test_readyz_is_ready_over_tls(stack: Stack, secured: Secured) -> None:
    environment = stack.environment(**secured.environment)
    alembic(environment, "upgrade", "head")
    assert make_topics(build_container(read_settings(environment), application="tests")) == 0
    with application(environment) as client:
        answer = client.get("/readyz")
    assert answer.get_json()["degraded"] is False, answer.get_json()


def test_celery_reaches_its_broker_over_tls(stack: Stack, secured: Secured) -> None:
    environment = stack.environment(**secured.environment)
    waker = build_container(read_settings(environment), application="tests").waker
    waker.enqueue([("auction-bid", "1")])
    assert waker.waiting(at_most=10) == 1


DEPENDENCIES = {
    "DATABASE": "postgresql",
    "REDIS_FANOUT": "redis_fanout",
    "MONGODB": "mongodb",
    "KAFKA": "kafka",
}


def wrong_password(variables: dict[str, str], _: Certificates, __: str) -> dict[str, str]:
    """A wrong password, in the URL or in its own setting."""
    changed = {}
    for name, value in variables.items():
        password = urlsplit(value).password if "://" in value else None
        changed[name] = value.replace(password, GUESSED) if password else value
    if "KAFKA_SASL_PASSWORD" in changed:
        changed["KAFKA_SASL_PASSWORD"] = GUESSED
    return changed


def another_authority(
    variables: dict[str, str], certificates: Certificates, _: str
) -> dict[str, str]:
    """One that did not sign the server's certificate."""
    known, other = str(certificates.authority), str(certificates.other_authority)
    return {name: value.replace(known, other) for name, value in variables.items()}


def no_tls(variables: dict[str, str], _: Certificates, plain: str) -> dict[str, str]:
    """A server that speaks none."""
    changed = {}
    for name, value in variables.items():
        address = urlsplit(value).netloc.rpartition("@")[2] if "://" in value else ""
        changed[name] = value.replace(address, plain) if address else value
    if "KAFKA_BOOTSTRAP_SERVERS" in changed:
        changed["KAFKA_BOOTSTRAP_SERVERS"] = plain
    return changed


FAULTS = (wrong_password, another_authority, no_tls)


@pytest.mark.parametrize("store", DEPENDENCIES)
@pytest.mark.parametrize("fault", FAULTS)
def test_readyz_names_the_failing_store(
    stack: Stack, secured: Secured, certificates: Certificates, store: str, fault: Fault
) -> None:
    wrong = fault(secured.store(store), certificates, secured.plain[store])
    with application(stack.environment(), **wrong) as client:
        states = client.get("/readyz").get_json()["dependencies"]
    assert states[DEPENDENCIES[store]] != "ok"
    others = {name for name in DEPENDENCIES.values() if name != DEPENDENCIES[store]}
    assert {states[name] for name in others} == {"ok"}


MESSAGES: dict[tuple[str, Fault], str] = {
    ("DATABASE", wrong_password): "password authentication failed",
    ("DATABASE", another_authority): "certificate verify failed",
    ("DATABASE", no_tls): "server does not support SSL",
    ("KAFKA", wrong_password): "does not let in auction",
    ("KAFKA", another_authority): "is not trusted",
    ("KAFKA", no_tls): "does not speak TLS",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_commands_print_an_error_in_one_line(
    stack: Stack, secured: Secured, certificates: Certificates, fault: Fault,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for store in ("DATABASE", "KAFKA"):
        wrong = fault(secured.store(store), certificates, secured.plain[store])
        container = build_container(read_settings(stack.environment(**wrong)), application="tests")
        if store == "KAFKA":
            assert make_topics(container, wait_s=0) == 2
            (line,) = capsys.readouterr().err.splitlines()
        else:
            line = Operator(stack, container).refusal("audit", "--auction", "1")
        assert MESSAGES[store, fault] in line
        assert GUESSED not in line


def in_production(stack: Stack, secured: Secured) -> dict[str, str]:
    """The variables of a house in production on these stores, which sends no mail and has no
    log-in by providers."""
    own = {**stack.environment(), **secured.environment}
    of_providers = tuple(f"{name.upper()}_" for name in PROVIDERS)
    own = {name: text for name, text in own.items() if not name.startswith(of_providers)}
    return {**own, "PROFILE": "production", "SMTP_URL": "none"}


def test_a_store_without_password_is_refused_in_production(
    stack: Stack, secured: Secured, certificates: Certificates, capsys: pytest.CaptureFixture[str]
) -> None:
    production = in_production(stack, secured)
    refuse_unfit_stores(read_settings(production))
    with servers.redis(certificates, needs_password=False) as redis:
        url = secured.environment["DATABASE_URL"].replace("/auction?", "/open?")
        opened = {"DATABASE_URL": url, "REDIS_AUTH_URL": f"redis://:{PASSWORD}@{redis}/0"}
        with pytest.raises(SystemExit) as exited:
            refuse_unfit_stores(read_settings({**production, **opened}))
    assert exited.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" lets in")[0] for line in lines] == [
        "DATABASE_URL: the server", "REDIS_AUTH_URL: the server",
    ]  # fmt: skip


def test_an_unsupported_old_store_is_refused(
    stack: Stack, secured: Secured, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for kind in OLDEST:
        monkeypatch.setitem(OLDEST, kind, (99, 1))
    monkeypatch.setattr(topics, "OLDEST", (99, 1))
    production = in_production(stack, secured)
    with pytest.raises(SystemExit) as exited:
        refuse_unfit_stores(read_settings(production))
    assert exited.value.code == 2
    container = build_container(read_settings(production), application="tests")
    assert make_topics(container, wait_s=0) == 2
    lines = capsys.readouterr().err.splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        "DATABASE_URL", "REDIS_BROKER_URL", "REDIS_FANOUT_URL", "REDIS_AUTH_URL", "MONGODB_URL",
        "KAFKA_BOOTSTRAP_SERVERS",
    }  # fmt: skip
    for line in lines:
        assert re.search(r": [A-Za-z]+ \d+\.[\d.]+ is older than 99\.1", line), line


def test_a_kafka_without_an_authorizer_is_warned_of(stack: Stack, secured: Secured) -> None:
    container = build_container(
        read_settings(stack.environment(**secured.environment)), application="tests"
    )
    with structlog.testing.capture_logs() as logs:
        assert make_topics(container) == 0
    assert [one for one in logs if one["event"] == "kafka_has_no_rights"]


def test_alembic_reports_a_wrong_password_in_one_line(
    stack: Stack, secured: Secured, certificates: Certificates
) -> None:
    wrong = wrong_password(secured.store("DATABASE"), certificates, "")
    result = subprocess.run(
        (sys.executable, "-m", "alembic", "upgrade", "head"),
        env={**os.environ, **wrong}, cwd=stack.places.root, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("PostgreSQL cannot be reached: ")
    assert "password authentication failed" in line
