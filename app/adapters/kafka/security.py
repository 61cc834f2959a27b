"""Connection arguments of every client of Kafka: the brokers, TLS and authentication."""

from typing import Any

from app.adapters.kafka.selector import ClientSelector
from app.settings import Settings
from app.store_security import kafka_tls


def client_arguments(settings: Settings) -> dict[str, Any]:
    """Return keyword arguments of kafka-python's producer, consumer and admin client."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": kafka_tls(settings),
        "selector": ClientSelector,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password,
        }
    return arguments
