"""Asks the gateway whether the whole application is ready."""

import http.client
import json
from urllib.parse import urlsplit

REQUEST_TIMEOUT_S = 5.0
SHOWN_CHARACTERS_MAX = 300


def complaint_of(base_url: str) -> str:
    """Why `/readyz` is not green, in one line; empty when it is."""
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(
        str(address.hostname), address.port, timeout=REQUEST_TIMEOUT_S
    )
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"/readyz does not answer ({error})"
    finally:
        connection.close()
    return "" if _is_green(answer.status, body) else f"/readyz says {_one_line(body)}"


def _is_green(status: int, body: str) -> bool:
    """Whether everything is there, also what bids do not need."""
    try:
        return status == http.client.OK and not json.loads(body)["degraded"]
    except (ValueError, KeyError, TypeError):
        return False


def _one_line(body: str) -> str:
    try:
        body = json.dumps(json.loads(body))
    except ValueError:
        body = " ".join(body.split())
    return body[:SHOWN_CHARACTERS_MAX]
