"""The environment of application processes: where everything is, and the secrets."""

import os

from stack.credentials import Credentials
from stack.places import Places
from stack.ports import HOST, host_of
from stack.servers.kafka import MECHANISM, PROTOCOL, replication_of
from stack.servers.mongodb import mongodb_url
from stack.servers.postgresql import primary_wanted
from stack.settings import Settings

FLOWER_USER = "flower"
PROVIDERS_CLIENT_ID = "auction-house"
AMOUNT_MAX = 10**12  # minor units: the largest possible bid
# Storms, tests and newcomers bid any amount, again and again, and are no browsers; tests of these
# bounds set their own.
GENEROUS = {
    "TRUST_LOOPBACK": "1",
    "BID_NEEDS_PROVED_EMAIL": "0",
    **{f"BID_LIMIT_{currency}": str(AMOUNT_MAX) for currency in ("KRW", "JPY", "USD", "EUR")},
    "FUTILE_BIDS_PER_MINUTE": "1000000",
    "ALLOW_MISSING_ORIGIN": "1",
}
# Programs chat faster than people.
FAST_CHAT = {"CHAT_MESSAGES_PER_S": "100", "CHAT_MESSAGES_BURST": "1000"}


def addresses(settings: Settings, credentials: Credentials, places: Places) -> dict[str, str]:
    """What `make env` prints: the addresses a person or a tool needs, with their log-ins."""
    ports = settings.ports
    owner = f"auction:{credentials.auction_password}"
    query = f"?{primary_wanted(settings)}" if settings.standby else ""
    return {
        "BASE_URL": f"http://{HOST}:{ports.gateway}",
        "WS_URL": f"ws://{HOST}:{ports.gateway}/ws",
        "DATABASE_URL": f"postgresql://{owner}@{HOST}:{ports.postgresql}/auction{query}",
        "KAFKA_BOOTSTRAP_SERVERS": _brokers(settings),
        **kafka_log_in("operator", credentials),
        "REDIS_URL": _redis_url(settings, credentials, ("operator", 0)),
        "MONGODB_URL": mongodb_url(f"{HOST}:{ports.mongodb}", credentials, places.data_dir),
        "MAILPIT_URL": f"http://{HOST}:{ports.mailpit}",
        "METRICS_URL": f"http://{HOST}:{ports.metrics}/metrics",
        "PROMETHEUS_URL": f"http://{HOST}:{ports.prometheus}",  # when `with=prometheus` added it
        "FLOWER_URL": f"http://{HOST}:{ports.flower}",
        "FLOWER_USER": FLOWER_USER,
        "FLOWER_PASSWORD": credentials.flower_password,
        **({"PROVIDERS_URL": _providers_url(settings)} if settings.providers else {}),
    }


def provider_log_in(settings: Settings, credentials: Credentials) -> dict[str, str]:
    """As whom the application comes to Google, Kakao and Naver, and where they are."""
    if not settings.providers:
        return {}
    url, secret = _providers_url(settings), credentials.providers_client_secret
    names = ("GOOGLE", "KAKAO", "NAVER")
    return {
        **{f"{name}_CLIENT_ID": PROVIDERS_CLIENT_ID for name in names},
        **{f"{name}_CLIENT_SECRET": secret for name in names},
        "GOOGLE_ISSUER": f"{url}/google",
        "KAKAO_ISSUER": f"{url}/kakao",
        "KAKAO_API_URL": f"{url}/kakao",
        "NAVER_URL": f"{url}/naver",
        "NAVER_API_URL": f"{url}/naver",
    }


def _providers_url(settings: Settings) -> str:
    return f"http://{HOST}:{settings.ports.providers}"


def kafka_log_in(user: str, credentials: Credentials) -> dict[str, str]:
    """As whom a process comes to Kafka."""
    return {
        "KAFKA_SECURITY_PROTOCOL": PROTOCOL,
        "KAFKA_SASL_MECHANISM": MECHANISM,
        "KAFKA_SASL_USERNAME": user,
        "KAFKA_SASL_PASSWORD": credentials.kafka_password(user),
    }


def pool_log_ins(credentials: Credentials) -> dict[str, dict[str, str]]:
    """By pool, as whom its processes come to Kafka; the others have no business there."""
    clock = {
        "KAFKA_CLOCK_USERNAME": "clock",
        "KAFKA_CLOCK_PASSWORD": credentials.kafka_password("clock"),
    }
    return {
        "gateway": kafka_log_in("gateway", credentials),
        "bridge": {**kafka_log_in("bridge", credentials), **clock},
    }


def application_environment(
    *, settings: Settings, credentials: Credentials, places: Places
) -> dict[str, str]:
    """Everything app/settings.py reads from its environment, for operators of the local stack."""
    ports = settings.ports
    replication, min_isr = replication_of(settings)
    return {
        **addresses(settings, credentials, places),
        # Broker, fan-out and sessions may be three servers; here they are three databases.
        "REDIS_BROKER_URL": _redis_url(settings, credentials, ("broker", 1)),
        "REDIS_FANOUT_URL": _redis_url(settings, credentials, ("fanout", 2)),
        "REDIS_AUTH_URL": _redis_url(settings, credentials, ("auth", 3)),
        "SMTP_URL": f"smtp://{HOST}:{ports.smtp}",
        "SECRET_KEY": credentials.secret_key,
        "ALLOWED_ORIGINS": f"http://{HOST}:{ports.gateway},http://localhost:{ports.gateway}",
        **provider_log_in(settings, credentials),
        "PROFILE": "local",
        **GENEROUS,
        "KAFKA_REPLICATION": str(replication),
        "KAFKA_MIN_ISR": str(min_isr),
        "GATEWAY_BIND": f"{HOST}:{ports.gateway}",
        "GATEWAY_WORKERS": str(settings.gateway_workers),
        "METRICS_BIND": f"{HOST}:{ports.metrics}",
        "PROMETHEUS_MULTIPROC_DIR": str(places.metrics_dir),
        "STACK_STATUS_FILE": str(places.status_file),
        "LOG_LEVEL": "INFO",
        # OpenTelemetry's own variables, from the environment of the caller.
        **{name: value for name, value in os.environ.items() if name.startswith("OTEL_")},
        **(FAST_CHAT if settings.short_lived else {}),
    }


def _brokers(settings: Settings) -> str:
    hosts = (host_of(number) for number in range(1, settings.brokers + 1))
    return ",".join(f"{host}:{settings.ports.kafka}" for host in hosts)


def _redis_url(settings: Settings, credentials: Credentials, of: tuple[str, int]) -> str:
    user, database = of
    password = credentials.redis_password(user)
    return f"redis://{user}:{password}@{HOST}:{settings.ports.redis}/{database}"
