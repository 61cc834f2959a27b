"""Only our own, unexpired access tokens of living sessions let anybody in."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from app.bootstrap import Container
from tests.integration.http.applications import application
from tests.integration.http.market import Market, Person, code


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def signed_text(claims: str, secret: str) -> str:
    """A token of ours with exactly these claims, which need not be any that we would write."""
    return jwt.api_jws.encode(claims.encode(), secret, algorithm="HS256")


def forgeries(token: str, secret: str) -> dict[str, str]:
    """Tokens that resemble a good one, by what is wrong with them."""
    claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"])
    header, body, signature = token.split(".")
    none, mixed = encoded(b'{"alg":"none"}'), encoded(b'{"alg":"nOnE"}')
    raised = encoded(json.dumps({**claims, "role": "admin"}).encode())

    def signed(key: str = secret, algorithm: str = "HS256", **changes: Any) -> str:
        return jwt.encode({**claims, **changes}, key, algorithm=algorithm)

    def without(name: str) -> str:
        return jwt.encode({k: v for k, v in claims.items() if k != name}, secret)

    return {
        "expired": signed(exp=int(time.time()) - 60),
        "not yet": signed(nbf=int(time.time()) + 600),
        "from the future": signed(iat=int(time.time()) + 600),
        "a refresh token's type": signed(type="refresh"),
        "no session": without("sid"),
        "no epoch": without("epoch"),
        "another epoch": signed(epoch="0" * 32),
        "no subject": without("sub"),
        "no expiry": without("exp"),
        "another session": signed(sid="0" * 32),
        "a subject that is no id": signed(sub="x"),
        "another secret": signed(key="x" * 64),
        "HS512": signed(algorithm="HS512"),
        "none": jwt.encode(claims, "", algorithm="none"),
        "none with our signature": f"{none}.{body}.{signature}",
        "nOnE": f"{mixed}.{body}.",
        "tampered": f"{header}.{raised}.{signature}",
        "cut": token[:-4],
        "no signature": f"{header}.{body}.",
        "a header that nests": f"{encoded(b'[' * 1_400)}.{body}.{signature}",
        "claims that nest": f"{header}.{encoded(b'[' * 1_200)}.{signature}",
        **{
            f"{part} with {number[:12]}": f"{'.'.join(parts)}.{signature}"
            for number in ("1e999", "1e1000000000000000000", "9" * 1_200)
            for part, parts in (
                (
                    "a header",
                    (encoded(f'{{"alg":"HS256","typ":"JWT","a":{number}}}'.encode()), body),
                ),
                ("claims", (header, encoded(f'{{"exp":{number},"sub":{number}}}'.encode()))),
            )
        },
        **{
            f"our signature under {name}={value}": signed_text(
                json.dumps({**claims, name: "@"}).replace('"@"', value), secret
            )
            for name in ("exp", "nbf", "iat", "sub")
            for value in ("1e999", "-1e999", "NaN", "[]", "{}")
        },
        "overlong": token + "a" * 3_000,
        "not ASCII": "ü" + token,
        "two dots": "..",
        "words": "let me in",
    }


@pytest.mark.parametrize("path", ["/api/me", "/api/products", "/api/auctions"])
def test_a_forged_token_is_refused_even_where_none_is_needed(
    market: Market, somebody: Person, container: Container, path: str
) -> None:
    for what, token in forgeries(somebody.access_token, container.settings.secret_key).items():
        headers = {"Authorization": f"Bearer {token}"}
        answer = market.call("GET", path, headers=headers)
        assert (what, answer.status_code) == (what, 401)
        assert code(answer) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Token x", "bearer"])
def test_another_kind_of_authorization_is_refused(market: Market, header: str) -> None:
    answer = market.call("GET", "/api/me", headers={"Authorization": header})
    assert code(answer) == (401, "UNAUTHENTICATED")


def test_the_scheme_is_known_in_any_case(market: Market, somebody: Person) -> None:
    headers = {"Authorization": f"bEARER {somebody.access_token}"}
    assert market.call("GET", "/api/me", headers=headers).status_code == 200


def test_clocks_may_differ_a_little(
    environment: dict[str, str], market: Market, somebody: Person, container: Container
) -> None:
    secret = container.settings.secret_key
    claims: dict[str, Any] = jwt.decode(somebody.access_token, secret, algorithms=["HS256"])
    now = int(time.time())
    ahead = jwt.encode({**claims, "iat": now + 3, "nbf": now + 3}, secret)
    assert market.call("GET", "/api/me", headers=bearer(ahead)).status_code == 200
    past = jwt.encode({**claims, "exp": now - 1}, secret)
    with application(environment, ACCESS_TOKEN_LEEWAY_S="600") as client:
        assert client.get("/api/me", headers=bearer(past)).status_code == 200


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
