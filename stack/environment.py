"""The environment of application processes: where everything is, and the secrets."""

import os

from stack.credentials import Credentials
from stack.places import Places
from stack.ports import HOST
from stack.settings import Settings

FLOWER_USER = "flower"
# The least that app/settings.py takes: hundreds of people sign up and log in during a run of tests.
CHEAP_PASSWORDS = {"PASSWORD_MEMORY_KIB": "19456", "PASSWORD_PASSES": "2"}


def addresses(settings: Settings, credentials: Credentials) -> dict[str, str]:
    """What `make env` prints: the addresses a person or a tool needs, with their log-ins."""
    ports = settings.ports
    owner = f"auction:{credentials.auction_password}"
    return {
        "BASE_URL": f"http://{HOST}:{ports.gateway}",
        "WS_URL": f"ws://{HOST}:{ports.gateway}/ws",
        "DATABASE_URL": f"postgresql://{owner}@{HOST}:{ports.postgresql}/auction",
        "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{ports.kafka}",
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
        # One broker: production has three, and asks two of them for every record.
        "KAFKA_REPLICATION": "1",
        "KAFKA_MIN_ISR": "1",
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


def _redis_url(settings: Settings, database: int) -> str:
    return f"redis://{HOST}:{settings.ports.redis}/{database}"
