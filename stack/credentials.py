"""Passwords and the signing key of one profile, drawn at random once and kept with its data."""

import json
import secrets
from dataclasses import dataclass, fields
from pathlib import Path

from stack.files import write_private

FILE_NAME = "credentials.json"
KEY_BYTES, PASSWORD_BYTES = 32, 16


@dataclass(frozen=True, slots=True)
class Credentials:
    """Hexadecimal secrets, so that none needs quoting in a URL or a configuration file."""

    postgres_password: str
    auction_password: str
    ferretdb_password: str
    flower_password: str
    secret_key: str
    kafka_cluster_id: str
    redis_operator_password: str
    redis_broker_password: str
    redis_fanout_password: str
    redis_auth_password: str
    kafka_broker_password: str
    kafka_operator_password: str
    kafka_gateway_password: str
    kafka_bridge_password: str
    kafka_clock_password: str
    providers_client_secret: str

    def redis_password(self, user: str) -> str:
        """That of a user of Redis."""
        return str(getattr(self, f"redis_{user}_password"))

    def kafka_password(self, user: str) -> str:
        """That of a principal of Kafka."""
        return str(getattr(self, f"kafka_{user}_password"))


def credentials_in(data_dir: Path) -> Credentials:
    """The credentials kept in `data_dir`, made at the first call; readable by the owner alone.

    Data that was made by older code gets those that it lacks.
    """
    file = data_dir / FILE_NAME
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missing = [field.name for field in fields(Credentials) if field.name not in kept]
    if missing:
        kept |= {name: _draw(name) for name in missing}
        write_private(file, json.dumps(kept))
    return Credentials(**kept)


def _draw(name: str) -> str:
    if name == "kafka_cluster_id":
        # Kafka wants 16 bytes in URL-safe base64 without padding; one beginning with "-" would
        # read as an option.
        return "A" + secrets.token_urlsafe(16)[1:]
    return secrets.token_hex(KEY_BYTES if name == "secret_key" else PASSWORD_BYTES)
