"""Asks the gateway whether the whole application is ready."""

import http.client
import json
from urllib.parse import urlsplit

REQUEST_TIMEOUT_S = 5.0
SHOWN_CHARACTERS_MAX = 300
CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


def complaint_of(base_url: str, *, degraded_is_fine: bool = False) -> str:
    """Why `/readyz` is not green, in one line; empty when it is.

    It is degraded while something is away that bids do not need.
    """
    try:
        address = urlsplit(base_url)
        connection = CONNECTIONS[address.scheme](
            str(address.hostname), address.port, timeout=REQUEST_TIMEOUT_S
        )
    except (ValueError, KeyError):
        return f"{base_url} is not an address such as http://127.0.0.1:8080"
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"nothing answers at {base_url} ({error})"
    finally:
        connection.close()
    is_fine = answer.status == http.client.OK and (degraded_is_fine or _has_all(body))
    return "" if is_fine else f"/readyz says {_one_line(body)}"


def _has_all(body: str) -> bool:
    """Whether everything is there, also what bids do not need."""
    try:
        return not json.loads(body)["degraded"]
    except (ValueError, KeyError, TypeError):
        return False


def _one_line(body: str) -> str:
    return " ".join(body.split())[:SHOWN_CHARACTERS_MAX]
