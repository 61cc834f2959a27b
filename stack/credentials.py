"""Passwords and the signing key of one profile, drawn at random once and kept with its data."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "credentials.json"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """Hexadecimal secrets, so that none needs quoting in a URL or a configuration file."""

    postgres_password: str
    auction_password: str
    ferretdb_password: str
    flower_password: str
    secret_key: str
    kafka_cluster_id: str


def credentials_in(data_dir: Path) -> Credentials:
    """The credentials kept in `data_dir`, made at the first call; readable by the owner alone."""
    file = data_dir / FILE_NAME
    if not file.exists():
        _write_private(file, json.dumps(asdict(_draw())))
    return Credentials(**json.loads(file.read_text(encoding="utf-8")))


def _draw() -> Credentials:
    return Credentials(
        postgres_password=secrets.token_hex(16),
        auction_password=secrets.token_hex(16),
        ferretdb_password=secrets.token_hex(16),
        flower_password=secrets.token_hex(8),
        secret_key=secrets.token_hex(SECRET_BYTES),
        # Kafka wants 16 bytes in URL-safe base64 without padding; one beginning with "-" would
        # read as an option.
        kafka_cluster_id="A" + secrets.token_urlsafe(16)[1:],
    )


def _write_private(file: Path, text: str) -> None:
    """Write through a new name, so that a full disk leaves no half of a file."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)
