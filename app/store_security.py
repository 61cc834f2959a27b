"""Checks that the stores are reached securely, as far as the settings can tell.

In the profile `production` every store has a password, or a client certificate in its place;
docs/security.md lists the settings.
"""

import re
import ssl
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from app.settings import Settings

PRODUCTION = "production"
URLS = ("database_url", "redis_broker_url", "redis_fanout_url", "redis_auth_url", "mongodb_url")
SASL = ("kafka_sasl_username", "kafka_sasl_password")
NO_MAIL = "none"
SMTP_SCHEMES = ("smtp", "smtp+starttls", "smtps")
MAIL_ADDRESS = re.compile(r"^[^<>\r\n]*<?[^@\s<>]+@[^@\s<>]+>?$")
CLOCK = ("kafka_clock_username", "kafka_clock_password")
TLS = ("kafka_ssl_cafile", "kafka_ssl_certfile", "kafka_ssl_keyfile")
# What a URL may have instead of a password: the client's certificate, or a file with the password.
INSTEAD = frozenset({"sslcert", "passfile", "ssl_certfile", "tlscertificatekeyfile"})


def security_faults(settings: "Settings") -> list[str]:
    """A line for each setting that makes no sense, or is missing in production."""
    faults = [*_kafka_faults(settings), *_mail_faults(settings)]
    if settings.profile == PRODUCTION:
        faults += _missing_passwords(settings)
    return faults


def _missing_passwords(settings: "Settings") -> Iterator[str]:
    for name in URLS:
        if not _has_password(getattr(settings, name)):
            yield f"{name.upper()}: has no password, which PROFILE={PRODUCTION} asks for"
    if settings.kafka_security_protocol == "PLAINTEXT":
        yield (
            f"KAFKA_SECURITY_PROTOCOL: PLAINTEXT has no password, which PROFILE={PRODUCTION} "
            "asks for"
        )
    elif settings.kafka_security_protocol == "SSL" and not settings.kafka_ssl_certfile:
        yield "KAFKA_SSL_CERTFILE: SSL without it shows Kafka nobody, and it lets anybody in"


def _mail_faults(settings: "Settings") -> Iterator[str]:
    """A mail server that cannot be reached so; in production one without TLS or password."""
    url, is_production = settings.smtp_url, settings.profile == PRODUCTION
    if url != NO_MAIL and (url or is_production):
        scheme = _scheme_of_server(url)
        if scheme not in SMTP_SCHEMES:
            yield f"SMTP_URL: is none of {', '.join(SMTP_SCHEMES)}://host:port, nor `{NO_MAIL}`"
        elif is_production and (scheme == "smtp" or not _has_password(url)):
            yield f"SMTP_URL: PROFILE={PRODUCTION} asks for one with TLS, a user and a password"
    if not MAIL_ADDRESS.search(settings.mail_from):
        yield "MAIL_FROM: is no address, as in `Gavel <no-reply@example.org>`"


def _scheme_of_server(url: str) -> str:
    """The scheme of a URL that names a host; empty: it does not."""
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return parts.scheme if is_complete else ""


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    options = {name.lower() for name in parse_qs(parts.query)}
    return bool(parts.password) or not options.isdisjoint(INSTEAD)


def _kafka_faults(settings: "Settings") -> Iterator[str]:
    protocol = settings.kafka_security_protocol
    if protocol.startswith("SASL"):
        yield from _required(settings, SASL)
        if bool(settings.kafka_clock_username) != bool(settings.kafka_clock_password):
            yield "KAFKA_CLOCK_USERNAME: it and KAFKA_CLOCK_PASSWORD are set together or not at all"
    else:
        yield from _unused(settings, (*SASL, *CLOCK))
    if not protocol.endswith("SSL"):
        yield from _unused(settings, TLS)
    elif not settings.kafka_ssl_cafile:
        yield from _required(settings, ("kafka_ssl_cafile",))
    elif bool(settings.kafka_ssl_certfile) != bool(settings.kafka_ssl_keyfile):
        yield "KAFKA_SSL_CERTFILE: it and KAFKA_SSL_KEYFILE are set together or not at all"
    else:
        yield from _tls_faults(settings)


def _required(settings: "Settings", names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if not getattr(settings, name):
            protocol = settings.kafka_security_protocol
            yield f"{name.upper()}: is required by KAFKA_SECURITY_PROTOCOL={protocol}"


def _unused(settings: "Settings", names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if getattr(settings, name):
            protocol = settings.kafka_security_protocol
            yield f"{name.upper()}: is of no use with KAFKA_SECURITY_PROTOCOL={protocol}"


def _tls_faults(settings: "Settings") -> Iterator[str]:
    try:
        ssl.create_default_context(cafile=settings.kafka_ssl_cafile)
    except OSError as error:
        fault = _why(error, "is no certificate in PEM")
        yield f"KAFKA_SSL_CAFILE: {settings.kafka_ssl_cafile} {fault}"
        return
    try:
        settings.kafka.ssl_context()
    except OSError as error:
        files = f"{settings.kafka_ssl_certfile} and KAFKA_SSL_KEYFILE {settings.kafka_ssl_keyfile}"
        fault = _why(error, "are no certificate and its key, in PEM, without a pass phrase")
        yield f"KAFKA_SSL_CERTFILE: {files} {fault}"


def _why(error: OSError, otherwise: str) -> str:
    return otherwise if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror}"
