"""Why no client of Kafka could be made: kafka-python knows, and says only that it took too long."""

import socket
import ssl

from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.protocol.metadata import ApiVersionsRequest

from lanes.settings import KafkaSettings

LENGTH_BYTES = 4  # before each answer


def why_unreachable(kafka: KafkaSettings, error: KafkaError, *, timeout_s: float = 2.0) -> str:
    """Return one line on why a client could not be created from `settings`; `error` is what it
    raised.

    Brokers answer a version request of any client: if one answers, authentication is at fault.
    """
    where = kafka.bootstrap_servers
    try:
        _probe_brokers(kafka, timeout_s=timeout_s)
    except ssl.SSLCertVerificationError as fault:
        return f"the certificate of {where} is not trusted: {fault.verify_message}"
    except ssl.SSLError:
        return f"{where} does not speak TLS"
    except OSError as fault:
        return f"{where}: {fault}"
    if not isinstance(error, KafkaTimeoutError):
        return str(error)
    if kafka.sasl_username:
        return f"{where} does not let in {kafka.sasl_username}: is the password right?"
    return f"{where} answers nobody without a log-in: KAFKA_SECURITY_PROTOCOL"


def _probe_brokers(kafka: KafkaSettings, *, timeout_s: float) -> None:
    """Return once one of the brokers has said which requests it knows. Raise OSError."""
    request = ApiVersionsRequest(version=0)
    request.with_header(correlation_id=0, client_id="why")
    question = request.encode(header=True, framed=True)
    addresses, tls = kafka.bootstrap_servers.split(","), kafka.ssl_context()
    errors = []
    for address in addresses:
        try:
            return _request(address, question, tls, timeout_s / len(addresses))
        except OSError as error:
            errors.append(error)
    raise errors[-1]


def _request(address: str, question: bytes, tls: ssl.SSLContext | None, timeout_s: float) -> None:
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=timeout_s) as plain,
        tls.wrap_socket(plain, server_hostname=host) if tls else plain as connection,
    ):
        connection.sendall(question)
        if not connection.recv(LENGTH_BYTES):
            raise ConnectionError("closed instead of answering")
