"""Only our own, unexpired access tokens of living sessions are accepted."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from app.web.tokens import key_id
from tests.containers import Container
from tests.integration.http.applications import application
from tests.integration.http.market import Market, Person, code


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def signed_text(claims: str, secret: str) -> str:
    """A token of ours with exactly these claims, which need not be any that we would write."""
    headers = {"kid": key_id(secret)}
    return jwt.api_jws.encode(claims.encode(), secret, algorithm="HS256", headers=headers)


def signed_with(claims: dict[str, Any], key: str, algorithm: str = "HS256", **header: Any) -> str:
    """A token that names the key as ours do, unless `header` differs."""
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": key_id(key), **header})


def signed_with_nothing(claims: dict[str, Any], **header: str) -> str:
    """A token by the empty key, which no library makes."""
    parts = ({"alg": "HS256", "typ": "JWT", **header}, claims)
    signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{encoded(hmac.digest(b'', signed.encode(), 'sha256'))}"


def forgeries(token: str, secret: str) -> dict[str, str]:
    """Tokens that resemble a good one, by what is wrong with them."""
    claims = claims_of(token)
    header, body, signature = token.split(".")
    none, mixed = encoded(b'{"alg":"none"}'), encoded(b'{"alg":"nOnE"}')
    raised = encoded(json.dumps({**claims, "role": "admin"}).encode())

    def signed(**changes: Any) -> str:
        return signed_with({**claims, **changes}, secret)

    def without(name: str) -> str:
        return signed_with({k: v for k, v in claims.items() if k != name}, secret)

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
        "no issuer": without("iss"),
        "another issuer": signed(iss="https://example.com"),
        "no audience": without("aud"),
        "another audience": signed(aud="another"),
        "no status": without("status"),
        "another secret": signed_with(claims, "x" * 64),
        "another secret under our key's name": signed_with(claims, "x" * 64, kid=key_id(secret)),
        "an empty secret": signed_with_nothing(claims, kid=key_id(secret)),
        "no key's name": jwt.encode(claims, secret),
        "an unknown key": signed_with(claims, secret, kid="0" * 16),
        "a path as the key": signed_with(claims, secret, kid="../../../dev/null"),
        "HS512": signed_with(claims, secret, "HS512"),
        "none": jwt.encode(claims, "", algorithm="none", headers={"kid": key_id(secret)}),
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
    market: Market, plain_user: Person, container: Container, path: str
) -> None:
    for what, token in forgeries(plain_user.access_token, container.settings.secret_key).items():
        headers = {"Authorization": f"Bearer {token}"}
        answer = market.call("GET", path, headers=headers)
        assert (what, answer.status_code) == (what, 401)
        assert code(answer) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Token x", "bearer"])
def test_another_kind_of_authorization_is_refused(market: Market, header: str) -> None:
    answer = market.call("GET", "/api/me", headers={"Authorization": header})
    assert code(answer) == (401, "UNAUTHENTICATED")


def test_the_scheme_is_case_insensitive(market: Market, plain_user: Person) -> None:
    headers = {"Authorization": f"bEARER {plain_user.access_token}"}
    assert market.call("GET", "/api/me", headers=headers).status_code == 200


def test_clocks_may_differ_a_little(
    environment: dict[str, str], market: Market, plain_user: Person, container: Container
) -> None:
    secret = container.settings.secret_key
    claims = claims_of(plain_user.access_token)
    now = int(time.time())
    ahead = signed_with({**claims, "iat": now + 3, "nbf": now + 3}, secret)
    assert market.call("GET", "/api/me", headers=bearer(ahead)).status_code == 200
    past = signed_with({**claims, "exp": now - 1}, secret)
    with application(environment, ACCESS_TOKEN_LEEWAY_S="600") as client:
        assert client.get("/api/me", headers=bearer(past)).status_code == 200


def test_replacing_the_key_ends_no_session(
    environment: dict[str, str], market: Market, container: Container
) -> None:
    old, new = container.settings.secret_key, "n" * 64
    person = market.person()
    steps: list[dict[str, str]] = [
        {"SECRET_KEYS_ACCEPTED": new},
        {"SECRET_KEY": new, "SECRET_KEYS_ACCEPTED": old},
        {"SECRET_KEY": new},
    ]
    token, secret = person.access_token, person.refresh_token
    for step in steps:
        with application(environment, REFRESH_REUSE_S="600", **step) as client:
            if "SECRET_KEYS_ACCEPTED" in step:  # the last step comes when such tokens are old
                assert client.get("/api/me", headers=bearer(token)).status_code == 200
            body = {"refresh_token": secret}
            first, again = (client.post("/api/auth/refresh", json=body) for _ in range(2))
            assert first.status_code == again.status_code == 200
            assert first.get_json()["refresh_token"] == again.get_json()["refresh_token"]
            token, secret = first.get_json()["access_token"], first.get_json()["refresh_token"]
    assert jwt.get_unverified_header(token)["kid"] == key_id(new)
    assert code(market.call("GET", "/api/me", headers=bearer(token))) == (401, "UNAUTHENTICATED")


def test_a_refresh_under_two_keys_has_one_successor(
    environment: dict[str, str], market: Market, client: FlaskClient, container: Container
) -> None:
    """While keys are replaced, two tabs may refresh at gateways that sign with different ones."""
    old, body = container.settings.secret_key, {"refresh_token": market.person().refresh_token}
    first = client.post("/api/auth/refresh", json=body).get_json()
    changes = {"SECRET_KEY": "n" * 64, "SECRET_KEYS_ACCEPTED": old}
    with application(environment, REFRESH_REUSE_S="600", **changes) as replaced:
        second = replaced.post("/api/auth/refresh", json=body).get_json()
        assert second["refresh_token"] == first["refresh_token"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
