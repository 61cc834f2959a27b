"""Many log-ins at once wait only so long, then get Retry-After."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.abuse.conftest import PRODUCTION
from tests.e2e.cluster import Cluster
from tests.e2e.people import PASSWORD, Gateway, Person
from tests.waiting import CALL_S, wait_until

WAITING_MAX = 2
CROWD = 16


@pytest.fixture
def crowded(cluster: Cluster) -> Iterator[Gateway]:
    """A gateway where few may wait for a hash."""
    changes = {**PRODUCTION, "GATEWAY_WORKERS": "1", "HASHES_WAITING_MAX": str(WAITING_MAX)}
    with cluster.another_gateway("gateway-crowded", **changes) as gateway:
        yield gateway


def test_many_wrong_passwords_at_once_get_retry_after(crowded: Gateway, anna: Person) -> None:
    def log_in(number: int, password: str) -> httpx.Response:
        # Each from a network of their own: in one they would wait for their wrong passwords.
        transport = httpx.HTTPTransport(local_address=f"127.1.{number}.1")
        with httpx.Client(transport=transport, timeout=CALL_S) as client:
            body = {"email": anna.email, "password": password}
            return client.post(f"{crowded.base_url}/api/auth/login", json=body)

    refused: list[httpx.Response] = []

    def is_refused() -> bool:
        """A crowd may come one by one where other loads are: then another one comes."""
        with ThreadPoolExecutor(CROWD) as pool:
            answers = list(pool.map(log_in, range(1, CROWD + 1), ["wrong horse battery"] * CROWD))
        assert {answer.status_code for answer in answers} <= {401, 503}
        refused.extend(answer for answer in answers if answer.status_code == 503)
        return bool(refused)

    wait_until(is_refused, what="some of a crowd are told to come back")
    assert {answer.json()["code"] for answer in refused} == {"BUSY"}
    assert all(1 <= int(answer.headers["Retry-After"]) <= 3 for answer in refused)
    wait_until(
        lambda: log_in(CROWD + 1, PASSWORD).status_code == 200, what="a right password is let in"
    )
