"""An authority, the server's certificate that it signed, and an untrusted authority."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
NAMES = "subjectAltName=IP:127.0.0.1"


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: `both` is the server's key and its certificate in one."""

    authority: Path
    other_authority: Path
    certificate: Path
    key: Path
    both: Path


def make_certificates(directory: Path) -> Certificates:
    """Make them with openssl, which comes with Debian's PostgreSQL."""
    authority, other_authority, certificate = (
        directory / f"{n}.pem" for n in ("ca", "other", "server")
    )
    for file in (authority, other_authority):
        _make(file, "-subj", f"/CN={file.stem}")
    signed_by = ("-CA", str(authority), "-CAkey", str(authority.with_suffix(".key")))
    _make(certificate, "-subj", "/CN=server", "-addext", NAMES, *signed_by)
    key, both = certificate.with_suffix(".key"), directory / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return Certificates(authority, other_authority, certificate, key, both)


def _make(file: Path, *options: str) -> None:
    out = ("-keyout", str(file.with_suffix(".key")), "-out", str(file))
    subprocess.run(
        ("openssl", "req", "-x509", *NEW_KEY, *out, *options), check=True, capture_output=True
    )
