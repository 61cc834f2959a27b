"""Log-in by Google, Kakao and Naver: the account it opens, and its failures."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.adapters.postgres.queries import rows, transaction
from app.protocol.channels import family_key
from lanes.time import epoch_ms
from stack.providers.dialects import Dialect, Json
from tests.containers import Container
from tests.integration.http.applications import application, refused_address
from tests.integration.http.market import Market, code
from tests.integration.http.providers import (
    BROWSER,
    CLIENT,
    Browser,
    Providers,
    providers_served,
    query_of,
)
from tests.integration.http.test_refreshing import silent_address
from tests.mailbox import Mailbox, token_in
from tests.waiting import wait_until

PROVIDERS = ("google", "kakao", "naver")
OPENID = ("google", "kakao")


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    with providers_served() as served:
        yield served


@pytest.fixture(scope="module")
def social_client(environment: dict[str, str], providers: Providers) -> Iterator[FlaskClient]:
    with application({**environment, **providers.environment()}) as client:
        yield client


@pytest.fixture
def browser(social_client: FlaskClient, providers: Providers) -> Iterator[Browser]:
    yield Browser(social_client.application.test_client())
    providers.google.forge, providers.kakao.extra = None, {}
    providers.broken.clear()


def another(browser: Browser) -> Browser:
    return Browser(browser.client.application.test_client())


def email() -> str:
    return f"{uuid4().hex}@example.com"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_log_in_creates_an_account_and_returns_to_the_page(
    browser: Browser, provider: str
) -> None:
    address = email()
    url = browser.begin(provider, "?next=/auctions/7%3Fa%3D1")
    parameters = query_of(url)
    assert (parameters["response_type"], parameters["code_challenge_method"]) == ("code", "S256")
    assert len(parameters["state"]) >= 43
    assert len(parameters["code_challenge"]) == 43
    assert ("nonce" in parameters) == (provider in OPENID)
    callback = browser.agree(url, name="Mina", email=address)
    answer = browser.come_back(callback)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/auctions/7?a=1")
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if "refresh_token=" in one)
    assert all(
        attribute in cookie for attribute in ("HttpOnly", "SameSite=Strict", "Path=/api/auth")
    )
    user = browser.session()["user"]
    assert (user["email"], user["nickname"], user["providers"]) == (address, "Mina", [provider])
    assert browser.call("GET", "/api/me").get_json() == {"user": user}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_provider_identity_has_its_own_account(browser: Browser, provider: str) -> None:
    one, other = f"A {uuid4().hex[:6]}", f"B {uuid4().hex[:6]}"
    ids = []
    for name in (one, other, one):
        browser.log_in(provider, name=name)
        ids.append(browser.session()["user"]["id"])
    assert ids[0] == ids[2] != ids[1]


def test_kakao_users_without_e_mail_keep_their_only_log_in(
    browser: Browser,
) -> None:
    friend = another(browser)
    browser.log_in("kakao", name="이두리")
    friend.log_in("kakao", name="박세찬")
    users = [one.session()["user"] for one in (browser, friend)]
    assert users[0]["id"] != users[1]["id"]
    assert [user["email"] for user in users] == [None, None]
    assert code(browser.call("DELETE", "/api/me/identities/kakao")) == (409, "LAST_LOGIN")
    (linked,) = browser.call("GET", "/api/me/identities").get_json()["items"]
    assert linked["provider"] == "kakao"


def test_a_user_without_password_leaves_by_a_fresh_log_in(
    browser: Browser, environment: dict[str, str], container: Container
) -> None:
    browser.log_in("kakao", name=f"No mail {uuid4().hex[:6]}")
    user = browser.session()["user"]
    assert (user["email"], user["has_password"]) == (None, False)
    mailbox = Mailbox(environment["MAILPIT_URL"], email())
    body = {"email": mailbox.address}

    def log_in_ago(seconds: int) -> None:
        began_ms = epoch_ms(datetime.now(UTC)) - 1_000 * seconds
        for session in container.sessions.of_user(user["id"]):  # other databases' users', too
            container.auth_redis.hset(family_key(session.session_id), "created_ms", began_ms)

    log_in_ago(601)
    assert code(browser.call("PUT", "/api/me/email", body)) == (403, "FORBIDDEN")
    assert code(browser.call("DELETE", "/api/me")) == (403, "FORBIDDEN")
    log_in_ago(500)
    assert browser.call("PUT", "/api/me/email", body).status_code == 202
    container.mails.send_due()
    token = {"token": token_in(mailbox.newest(of=1))}
    assert browser.call("POST", "/api/auth/verify", token).status_code == 204
    now = browser.session()["user"]
    assert (now["email"], now["email_proved"]) == (mailbox.address, True)
    assert browser.call("DELETE", "/api/me").status_code == 204
    assert browser.session() is None
    kept = "SELECT u::text FROM users u WHERE id = %(id)s UNION SELECT i::text FROM identities i"
    left = str(rows(container.engine, kept, {"id": user["id"]}))
    assert mailbox.address not in left
    assert user["nickname"] not in left
    browser.log_in("kakao", name=user["nickname"])
    assert browser.session()["user"]["id"] != user["id"], "nothing of the account is left"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_address_that_was_not_shared_is_not_kept(browser: Browser, provider: str) -> None:
    browser.log_in(provider, email=email(), share_email="")
    assert browser.session()["user"]["email"] is None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_address_opens_an_account_only_once_linked(
    browser: Browser, market: Market, provider: str
) -> None:
    account = market.sign_up("owner")
    person = {"name": "Impostor?", "email": account["email"].upper()}
    answer = browser.log_in(provider, "?next=/bids", **person)
    assert answer.headers["Location"] == f"/link?provider={provider}&next=%2Fbids&why=email"
    assert browser.session() is None
    other_user = market.sign_up("stranger")
    browser.client.post("/api/auth/login", json=other_user)
    assert code(browser.call("POST", "/api/me/identities")) == (403, "FORBIDDEN")
    browser.client.post("/api/auth/login", json=account)
    linked = browser.call("POST", "/api/me/identities")
    assert [item["provider"] for item in linked.get_json()["items"]] == [provider]
    assert code(browser.call("POST", "/api/me/identities")) == (409, "LINK_EXPIRED")
    owner_id = browser.session()["user"]["id"]
    other_browser = another(browser)
    assert other_browser.log_in(provider, **person).headers["Location"] == "/"
    assert other_browser.session()["user"]["id"] == owner_id
    path = f"/api/me/identities/{provider}"
    assert browser.call("DELETE", path).status_code == 204
    assert code(browser.call("DELETE", path)) == (404, "NOT_FOUND")


def test_a_log_in_is_linked_unless_another_account_has_it(
    browser: Browser,
) -> None:
    friend, address = another(browser), email()
    friend.log_in("google", name="Friend")
    browser.log_in("kakao", name=f"K {uuid4().hex[:6]}")
    answer = browser.log_in("google", "?link", name="Friend")
    assert answer.headers["Location"] == "/link?provider=google&next=%2F"
    assert code(browser.call("POST", "/api/me/identities")) == (409, "IDENTITY_TAKEN")
    browser.log_in("google", "?link", name="Mine", email=address)
    assert browser.call("POST", "/api/me/identities").status_code == 201
    me = browser.session()["user"]
    assert (me["email"], me["providers"]) == (address, ["google", "kakao"])
    assert browser.call("DELETE", "/api/me/identities/kakao").status_code == 204
    assert code(browser.call("DELETE", "/api/me/identities/google")) == (409, "LAST_LOGIN")


def test_concurrent_unlinks_keep_the_last_log_in_method(
    browser: Browser, container: Container
) -> None:
    browser.log_in("kakao", name=f"K {uuid4().hex[:6]}")
    browser.log_in("google", "?link", name=f"G {uuid4().hex[:6]}")
    assert browser.call("POST", "/api/me/identities").status_code == 201
    session = browser.session()
    headers = {"Authorization": f"Bearer {session['access_token']}"}

    def unlink(provider: str) -> int:
        client = another(browser).client
        return client.delete(f"/api/me/identities/{provider}", headers=headers).status_code

    def both_wait() -> bool:
        return len(rows(container.engine, "SELECT FROM pg_locks WHERE NOT granted", {})) >= len(
            OPENID
        )

    with ThreadPoolExecutor(len(OPENID)) as pool:
        with transaction(container.engine) as held:
            lock = "SELECT FROM identities WHERE user_id = %(id)s FOR UPDATE"
            held.exec_driver_sql(lock, {"id": session["user"]["id"]})
            answers = [pool.submit(unlink, provider) for provider in OPENID]
            wait_until(both_wait, what="both are in their transactions")
        assert sorted(answer.result() for answer in answers) == [204, 409]


@pytest.mark.parametrize(
    ("provider", "person", "is_proved"),
    [
        ("google", {"email": "new"}, True),
        ("google", {"person": "4100000003"}, False),
        ("kakao", {"email": "new"}, True),
        ("kakao", {"person": "3100000004"}, False),
        ("naver", {"email": "new"}, False),
    ],
)
def test_an_address_is_proved_where_the_provider_has_proved_it(
    browser: Browser, market: Market, provider: str, person: dict[str, str], *, is_proved: bool
) -> None:
    form = {name: email() if value == "new" else value for name, value in person.items()}
    browser.log_in(provider, **form)
    user_id = browser.session()["user"]["id"]
    with market.engine.connect() as connection:
        sql = "SELECT email_proved_at FROM users WHERE id = %s AND email IS NOT NULL"
        (proved_at,) = connection.exec_driver_sql(sql, (user_id,)).one()
    assert (proved_at is not None) == is_proved


def test_only_the_browser_that_began_a_log_in_ends_it_and_once(browser: Browser) -> None:
    other_user = another(browser)
    for provider in PROVIDERS:
        callback = browser.agree(browser.begin(provider))
        state = query_of(callback)["state"]
        without = callback.replace(f"state={state}", "")
        assert code(other_user.come_back(callback)) == (400, "STATE_INVALID")
        other_user.begin(provider)
        assert code(other_user.come_back(callback)) == (400, "STATE_INVALID")
        assert code(browser.come_back(without)) == (400, "STATE_INVALID")
        assert code(browser.come_back(f"{without}&state={state[::-1]}")) == (400, "STATE_INVALID")
        kept = browser.client.get_cookie(f"log_in_{provider}")
        assert kept is not None
        assert browser.come_back(callback).status_code == 302
        browser.client.set_cookie(kept.key, kept.value)
        assert code(browser.come_back(callback)) == (400, "STATE_INVALID")
    assert other_user.session() is None


def test_a_log_in_that_took_too_long_is_over(
    environment: dict[str, str], providers: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with application({**environment, **providers.environment(PROVIDER_LOG_IN_S="60")}) as client:
        browser = Browser(client)
        callback = browser.agree(browser.begin("naver"))
        later = int(time.time()) + 62
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: later)
        assert code(browser.come_back(callback)) == (400, "STATE_INVALID")


@pytest.mark.parametrize(
    ("provider", "other"), [("google", "kakao"), ("kakao", "naver"), ("naver", "google")]
)
def test_a_code_of_another_provider_or_an_older_one_is_refused(
    browser: Browser, provider: str, other: str
) -> None:
    foreign = query_of(browser.agree(browser.begin(other)))["code"]
    callback = browser.agree(browser.begin(provider))
    own = query_of(callback)["code"]
    assert code(browser.come_back(callback.replace(own, foreign))) == (400, "CODE_INVALID")
    stolen = query_of(another(browser).agree(another(browser).begin(provider)))["code"]
    callback = browser.agree(browser.begin(provider))
    injected = callback.replace(query_of(callback)["code"], stolen)
    assert code(browser.come_back(injected)) == (400, "CODE_INVALID")  # by the verifier
    assert browser.session() is None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_callback_that_names_another_issuer_is_refused(browser: Browser, provider: str) -> None:
    callback = browser.agree(browser.begin(provider))
    iss = (
        f"iss={query_of(callback)['iss'].replace(':', '%3A').replace('/', '%2F')}&"
        if provider == "google"
        else ""
    )
    for changed in (
        f"{callback.replace(iss, '')}&iss=https%3A%2F%2Fevil.example",
        *([callback.replace(iss, "")] if iss else []),
    ):
        callback_of_now = changed.replace(
            query_of(callback)["state"], query_of(browser.begin(provider))["state"]
        )
        assert code(browser.come_back(callback_of_now)) == (400, "STATE_INVALID")


def forged(**changes: Any) -> Callable[[Dialect, Json], str]:
    return lambda dialect, claims: dialect.keys.sign(
        {name: value for name, value in {**claims, **changes}.items() if value is not None}
    )


def signed_by_hand(dialect: Dialect, claims: Json, *, alg: str, key: bytes | None) -> str:
    header = {"alg": alg, "kid": dialect.keys.public()["keys"][0]["kid"]}
    encoded = (encode(json.dumps(part).encode()) for part in (header, claims))
    message = b".".join(encoded)
    signature = b"" if key is None else hmac.digest(key, message, "sha256")
    return (message + b"." + encode(signature)).decode()


def encode(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def by_public_key(dialect: Dialect, claims: Json, before: bytes = b"") -> str:
    pem = RSAKey.import_key(dialect.keys.public()["keys"][0]).as_pem(private=False)
    return signed_by_hand(dialect, claims, alg="HS256", key=before + pem)


def by_other_key(dialect: Dialect, claims: Json) -> str:
    kid = dialect.keys.public()["keys"][0]["kid"]
    return jwt.encode({"alg": "RS256", "kid": kid}, claims, RSAKey.generate_key(2048))


def without_kid(dialect: Dialect, claims: Json) -> str:
    return jwt.encode({"alg": "RS256"}, claims, dialect.keys._newest()[0])


FORGERIES: dict[str, Callable[[Dialect, Json], str]] = {
    "another nonce": forged(nonce="x"),
    "no nonce": forged(nonce=None),
    "another audience": forged(aud="another-app"),
    "another audience for our part": forged(aud=["another-app"], azp="house"),
    "another party": forged(azp="another-app"),
    "another issuer": forged(iss="https://evil.example"),
    "no issuer": forged(iss=None),
    "expired": forged(exp=1_700_000_000),
    "no expiry": forged(exp=None),
    "issued tomorrow": forged(iat=4_000_000_000),
    "another access token": forged(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "no subject": forged(sub=None),
    "an empty subject": forged(sub=""),
    "a subject that is a number": forged(sub=7),
    "an unknown key": lambda dialect, claims: dialect.keys.sign(claims, kid="unknown"),
    "a stranger's key": by_other_key,
    "no key id": without_kid,
    "none": partial(signed_by_hand, alg="none", key=None),
    "nOnE": partial(signed_by_hand, alg="nOnE", key=None),
    "no signature": partial(signed_by_hand, alg="RS256", key=None),
    "HS256 by an empty key": partial(signed_by_hand, alg="HS256", key=b""),
    "HS256 by our secret": partial(signed_by_hand, alg="HS256", key=CLIENT[1].encode()),
    "HS256 by the public key": by_public_key,
    "HS256 by the public key after a space": partial(by_public_key, before=b" "),
    "words": lambda _dialect, _claims: "let.me.in",
    "nothing": lambda _dialect, _claims: "",
}


@pytest.mark.parametrize("what", FORGERIES)
def test_an_id_token_that_is_not_for_this_log_in_is_refused(
    browser: Browser, providers: Providers, what: str
) -> None:
    providers.google.forge = FORGERIES[what]
    assert code(browser.log_in("google")) == (502, "PROVIDER_ERROR")
    assert browser.session() is None


@pytest.mark.parametrize("provider", OPENID)
def test_a_provider_may_rotate_its_keys_at_any_time(
    browser: Browser, providers: Providers, provider: str
) -> None:
    dialect: Dialect = getattr(providers, provider)
    for _ in range(2):
        assert browser.log_in(provider).status_code == 302
        dialect.keys.rotate()
        dialect.keys.rotate()  # the one before is not shown any more, either


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_user_who_refuses_consent_is_not_logged_in(browser: Browser, provider: str) -> None:
    refused = browser.agree(browser.begin(provider), decision="refuse")
    assert code(browser.come_back(refused)) == (403, "CONSENT_REFUSED")
    again = browser.agree(browser.begin(provider, "?next=/sell"), decision="refuse")
    page = browser.client.get(again, headers=BROWSER).headers["Location"]
    assert page == f"/login/failed?code=CONSENT_REFUSED&provider={provider}&next=%2Fsell"
    assert browser.session() is None


def test_kakao_refuses_users_under_age(browser: Browser, providers: Providers) -> None:
    callback = browser.agree(browser.begin("kakao"), decision="under_age")
    assert code(browser.come_back(callback)) == (403, "UNDER_AGE")
    providers.broken["/kakao/v2/user/me"] = ('{"msg": "under age", "code": -406}', 401)
    assert code(browser.log_in("kakao")) == (403, "UNDER_AGE")


BREAKDOWNS = [
    ("google", "/google/token", ("oops", 500), (503, "PROVIDER_UNAVAILABLE")),
    ("google", "/google/token", ('{"error":"invalid_client"}', 401), (502, "PROVIDER_ERROR")),
    ("google", "/google/token", ("[]", 200), (502, "PROVIDER_ERROR")),
    ("google", "/google/token", ("{}", 200), (502, "PROVIDER_ERROR")),
    ("google", "/google/token", ("x" * 300_000, 200), (502, "PROVIDER_ERROR")),
    ("kakao", "/kakao/v2/user/me", ("{}", 200), (502, "PROVIDER_ERROR")),
    ("kakao", "/kakao/v2/user/me", ('{"id": 7}', 200), (502, "PROVIDER_ERROR")),
    ("kakao", "/kakao/v2/user/me", ('{"msg":"x","code":-401}', 401), (502, "PROVIDER_ERROR")),
    ("naver", "/naver/oauth2.0/token", ('{"error":"server_error"}', 200), (502, "PROVIDER_ERROR")),
    ("naver", "/naver/v1/nid/me", ('{"resultcode":"024"}', 401), (502, "PROVIDER_ERROR")),
    ("naver", "/naver/v1/nid/me", ('{"resultcode":"00"}', 200), (502, "PROVIDER_ERROR")),
    ("naver", "/naver/v1/nid/me", ("<html>", 200), (502, "PROVIDER_ERROR")),
    ("naver", "/naver/v1/nid/me", ("x", 502), (503, "PROVIDER_UNAVAILABLE")),
]


@pytest.mark.parametrize(("provider", "path", "answer", "refusal"), BREAKDOWNS)
def test_an_invalid_provider_answer_logs_no_user_in(
    browser: Browser,
    providers: Providers,
    provider: str,
    path: str,
    answer: tuple[str, int],
    refusal: tuple[int, str],
) -> None:
    providers.broken[path] = answer
    assert code(browser.log_in(provider)) == refusal
    assert browser.session() is None


def test_an_answer_that_is_too_long_is_not_read(browser: Browser, providers: Providers) -> None:
    providers.kakao.extra = {"properties": {"nickname": "x" * 300_000}}
    assert code(browser.log_in("kakao")) == (502, "PROVIDER_ERROR")


def test_unknown_fields_of_a_provider_are_no_fault(browser: Browser, providers: Providers) -> None:
    providers.kakao.extra = {"x": {"y": [1]}, "for_partner": None}
    providers.google.forge = forged(hd="example.com", x=[1])
    for provider in OPENID:
        assert browser.log_in(provider).status_code == 302


def test_an_unavailable_provider_is_reported(
    environment: dict[str, str], providers: Providers
) -> None:
    with refused_address() as address, silent_address() as silent:
        changes = providers.environment(
            GOOGLE_ISSUER=f"http://{address}/google",
            NAVER_URL=f"http://{silent}",
            PROVIDER_TIMEOUT_S="0.3",
        )
        with application({**environment, **changes}) as client:
            answer = client.get("/oauth2/authorization/google")
            assert code(answer) == (503, "PROVIDER_UNAVAILABLE")
            answer = client.get("/oauth2/authorization/google", headers=BROWSER)
            page = "/login/failed?code=PROVIDER_UNAVAILABLE&provider=google&next=%2F"
            assert answer.headers["Location"] == page
            state = query_of(Browser(client).begin("naver"))["state"]
            answer = client.get(f"/login/oauth2/code/naver?code=x&state={state}")
            assert code(answer) == (503, "PROVIDER_UNAVAILABLE")


def test_calls_to_a_slow_provider_are_capped(
    environment: dict[str, str], providers: Providers
) -> None:
    with silent_address() as silent, ThreadPoolExecutor(2) as pool:
        changes = providers.environment(
            GOOGLE_ISSUER=f"http://{silent}", PROVIDER_TIMEOUT_S="5", PROVIDER_CALLS_MAX="1"
        )
        with application({**environment, **changes}) as client:
            callers = [client.application.test_client() for _ in range(2)]
            parameters = [pool.submit(one.get, "/oauth2/authorization/google") for one in callers]
            answered, waiting = wait(parameters, return_when=FIRST_COMPLETED)
            assert [code(one.result()) for one in answered] == [(503, "PROVIDER_UNAVAILABLE")]
            assert client.get("/oauth2/authorization/naver").status_code == 302
            assert [one.done() for one in waiting] == [False]


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil",
        "/a\\..\\b", "/\r\nSet-Cookie: a=b", "/é", "javascript:alert(1)", "", "/" + "a" * 600,
    ],
)  # fmt: skip
def test_a_log_in_never_redirects_to_another_site(browser: Browser, path: str) -> None:
    answer = browser.client.get("/oauth2/authorization/naver", query_string={"next": path})
    back = browser.come_back(browser.agree(answer.headers["Location"]))
    assert back.headers["Location"] == "/"


def test_the_log_in_cookie_is_http_only_and_host_bound(
    environment: dict[str, str], providers: Providers
) -> None:
    changes = providers.environment(BASE_URL="https://house.example")
    with application({**environment, **changes}) as client:
        answer = client.get("/oauth2/authorization/naver", base_url="https://house.example")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-log_in_naver=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"):
        assert f"; {attribute}" in cookie
    assert "Domain" not in cookie
    parameters = query_of(answer.headers["Location"])
    assert parameters["redirect_uri"] == "https://house.example/login/oauth2/code/naver"


def test_a_provider_without_credentials_is_absent(
    environment: dict[str, str], providers: Providers
) -> None:
    changes = providers.environment(GOOGLE_CLIENT_ID="", GOOGLE_CLIENT_SECRET="")
    with application({**environment, **changes}) as client:
        page = client.get("/login").get_data(as_text=True)
        assert '<meta name="providers" content="kakao naver" />' in page
        for path in ("/oauth2/authorization/google", "/login/oauth2/code/google", "/oauth2/x"):
            assert code(client.get(path)) == (404, "NOT_FOUND")


def test_a_removed_provider_does_not_count_as_a_log_in(
    environment: dict[str, str], providers: Providers, browser: Browser
) -> None:
    browser.log_in("kakao", name=f"K {uuid4().hex[:6]}")
    browser.log_in("google", "?link", name=f"G {uuid4().hex[:6]}")
    assert browser.call("POST", "/api/me/identities").status_code == 201
    headers = {"Authorization": f"Bearer {browser.session()['access_token']}"}
    changes = providers.environment(KAKAO_CLIENT_ID="", KAKAO_CLIENT_SECRET="")
    with application({**environment, **changes}) as client:
        last = client.delete("/api/me/identities/google", headers=headers)
        assert code(last) == (409, "LAST_LOGIN")
        assert client.delete("/api/me/identities/kakao", headers=headers).status_code == 204


def test_an_address_begins_only_so_many_log_ins_a_minute(
    environment: dict[str, str], providers: Providers
) -> None:
    changes = providers.environment(TRUST_LOOPBACK="0", PROVIDER_REDIRECTS_PER_MINUTE="2")
    with application({**environment, **changes}) as client:
        answers = [client.get("/oauth2/authorization/naver") for _ in range(3)]
        shown = client.get("/oauth2/authorization/naver?next=/sell", headers=BROWSER)
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    page = "/login/failed?code=RATE_LIMITED&provider=naver&next=%2Fsell"
    assert (shown.status_code, shown.headers["Location"]) == (302, page)
    assert shown.headers["Cache-Control"] == "no-store"
