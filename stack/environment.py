"""The environment of application processes: where everything is, and the secrets."""

import os

from stack.credentials import Credentials
from stack.places import Places
from stack.ports import HOST, host_of
from stack.servers.kafka import replication_of
from stack.settings import Settings

FLOWER_USER = "flower"
# The least that app/settings.py takes: hundreds of people sign up and log in during a run of tests.
CHEAP_PASSWORDS = {"PASSWORD_MEMORY_KIB": "19456", "PASSWORD_PASSES": "2"}


def addresses(settings: Settings, credentials: Credentials) -> dict[str, str]:
    """What `make env` prints: the addresses a person or a tool needs, with their log-ins."""
    ports = settings.ports
    owner = f"auction:{credentials.auction_password}"
    query = f"?{primary_wanted(settings)}" if settings.standby else ""
    return {
        "BASE_URL": f"http://{HOST}:{ports.gateway}",
        "WS_URL": f"ws://{HOST}:{ports.gateway}/ws",
        "DATABASE_URL": f"postgresql://{owner}@{HOST}:{ports.postgresql}/auction{query}",
        "KAFKA_BOOTSTRAP_SERVERS": _brokers(settings),
        "REDIS_URL": _redis_url(settings, 0),
        "MONGODB_URL": f"mongodb://{HOST}:{ports.mongodb}/auction",
        "METRICS_URL": f"http://{HOST}:{ports.metrics}/metrics",
        "PROMETHEUS_URL": f"http://{HOST}:{ports.prometheus}",  # when `with=prometheus` added it
        "FLOWER_URL": f"http://{HOST}:{ports.flower}",
        "FLOWER_USER": FLOWER_USER,
        "FLOWER_PASSWORD": credentials.flower_password,
    }


def application_environment(
    *, settings: Settings, credentials: Credentials, places: Places
) -> dict[str, str]:
    """Everything app/settings.py reads from its environment, for the local stack."""
    ports = settings.ports
    replication, min_isr = replication_of(settings)
    return {
        **addresses(settings, credentials),
        # Broker, fan-out and sessions may be three servers; here they are three databases.
        "REDIS_BROKER_URL": _redis_url(settings, 1),
        "REDIS_FANOUT_URL": _redis_url(settings, 2),
        "REDIS_AUTH_URL": _redis_url(settings, 3),
        "SECRET_KEY": credentials.secret_key,
        "ALLOWED_ORIGINS": f"http://{HOST}:{ports.gateway},http://localhost:{ports.gateway}",
        "PROFILE": "local",
        "TRUST_LOOPBACK": "1",
        "ALLOW_MISSING_ORIGIN": "1",  # the load generator, the demo and tests are no browsers
        "KAFKA_REPLICATION": str(replication),
        "KAFKA_MIN_ISR": str(min_isr),
        "GATEWAY_BIND": f"{HOST}:{ports.gateway}",
        "GATEWAY_WORKERS": str(settings.sizes.gateway_workers),
        "METRICS_BIND": f"{HOST}:{ports.metrics}",
        "PROMETHEUS_MULTIPROC_DIR": str(places.metrics_dir),
        "STACK_STATUS_FILE": str(places.status_file),
        "LOG_LEVEL": "INFO",
        # OpenTelemetry's own variables, of whoever starts the processes.
        **{name: value for name, value in os.environ.items() if name.startswith("OTEL_")},
        **(CHEAP_PASSWORDS if settings.short_lived else {}),
    }


def primary_wanted(settings: Settings) -> str:
    """The query of a database's URL by which a client finds the primary, whichever that is now.

    libpq and pgx go by its hosts and not by the one before the path. Empty without a standby.
    """
    if not settings.standby:
        return ""
    hosts = ",".join(host_of(number) for number in (1, 2))
    port = settings.ports.postgresql
    return f"host={hosts}&port={port},{port}&target_session_attrs=read-write"


def _brokers(settings: Settings) -> str:
    hosts = (host_of(number) for number in range(1, settings.brokers + 1))
    return ",".join(f"{host}:{settings.ports.kafka}" for host in hosts)


def _redis_url(settings: Settings, database: int) -> str:
    return f"redis://{HOST}:{settings.ports.redis}/{database}"
