"""Connection arguments of every client of Kafka: the brokers, TLS and authentication."""

from typing import Any

from lanes.kafka.selector import ClientSelector
from lanes.settings import KafkaSettings


def client_arguments(kafka: KafkaSettings) -> dict[str, Any]:
    """Return keyword arguments of kafka-python's producer, consumer and admin client."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap_servers,
        "security_protocol": kafka.security_protocol,
        "ssl_context": kafka.ssl_context(),
        "selector": ClientSelector,
    }
    if kafka.security_protocol.startswith("SASL"):
        arguments |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": kafka.sasl_password,
        }
    return arguments
