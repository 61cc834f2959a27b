"""The three dialects: where each provider has what, how it answers, and how it says no.

As their documentation has it: developers.google.com/identity/openid-connect, developers.kakao.com
(Kakao Login, REST API), developers.naver.com (네이버 로그인 API 명세). Where that is silent (Kakao
and Naver on a wrong verifier) the answer is that to a wrong code.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from stack.providers.grants import TOKEN_S, Grant, RefusedError
from stack.providers.keys import SigningKeys, at_hash, now_s

Json = dict[str, Any]
Answer = tuple[Json, int]  # and the status
ID_TOKEN_S = 3_600


@dataclass
class Dialect:
    """One provider at `url`, for one application of it."""

    url: str
    client_id: str
    client_secret: str
    keys: SigningKeys = field(default_factory=SigningKeys)
    name: ClassVar[str]
    title: ClassVar[str]
    authorize_path: ClassVar[str]
    token_path: ClassVar[str]
    profile_path: ClassVar[str]
    is_openid: ClassVar[bool] = True
    knows_age: ClassVar[bool] = False
    jwks_path: ClassVar[str] = ""

    def discovery(self) -> Json:
        """The document of OpenID Connect Discovery."""
        return {
            "issuer": self.url,
            "authorization_endpoint": self.url + self.authorize_path,
            "token_endpoint": self.url + self.token_path,
            "jwks_uri": self.url + self.jwks_path,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def claims(self, grant: Grant, access_token: str) -> Json:  # noqa: ARG002 - Google hashes it
        """Of an id token."""
        issued = now_s()
        return {
            "iss": self.url,
            "aud": self.client_id,
            "sub": str(grant.person.number),
            "iat": issued,
            "exp": issued + ID_TOKEN_S,
            "nonce": grant.nonce,
        }

    def id_token(self, grant: Grant, access_token: str) -> str:
        """Signed; without what the grant has not."""
        claims = self.claims(grant, access_token)
        return self.keys.sign({name: claims[name] for name in claims if claims[name] is not None})

    def callback(self, code: str) -> dict[str, str]:
        """What comes back with the state."""
        return {"code": code}

    def denied(self, *, under_age: bool) -> dict[str, str]:
        """What comes back with the state when somebody said no, or is too young."""
        raise NotImplementedError

    def tokens(self, grant: Grant, access_token: str) -> Json:
        """The answer to a good code."""
        raise NotImplementedError

    def refused(self, why: RefusedError, code: str) -> Answer:
        """The answer to any other."""
        raise NotImplementedError

    def profile(self, grant: Grant) -> Json:
        """The answer to a good access token."""
        raise NotImplementedError

    def no_token(self) -> Answer:
        """The answer to any other."""
        raise NotImplementedError


class Google(Dialect):
    """accounts.google.com, oauth2.googleapis.com, openidconnect.googleapis.com."""

    name, title = "google", "Google"
    authorize_path, token_path = "/o/oauth2/v2/auth", "/token"
    profile_path, jwks_path = "/v1/userinfo", "/oauth2/v3/certs"

    def discovery(self) -> Json:
        """Google's names its issuer in callbacks, too (RFC 9207)."""
        return {
            **super().discovery(),
            "userinfo_endpoint": self.url + self.profile_path,
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        }

    def claims(self, grant: Grant, access_token: str) -> Json:
        """With the whole profile."""
        own = {"azp": self.client_id, "at_hash": at_hash(access_token)}
        return {**super().claims(grant, access_token), **own, **self._personal(grant)}

    def callback(self, code: str) -> dict[str, str]:
        """With more than anybody needs."""
        scope = "email profile openid"
        return {"iss": self.url, "code": code, "scope": scope, "authuser": "0", "prompt": "consent"}

    def denied(self, *, under_age: bool) -> dict[str, str]:  # noqa: ARG002 - it does not know
        """Without a word."""
        return {"iss": self.url, "error": "access_denied"}

    def tokens(self, grant: Grant, access_token: str) -> Json:
        """Without a refresh token: `access_type=offline` was not asked for."""
        return {
            "access_token": access_token,
            "expires_in": TOKEN_S - 1,
            "scope": "openid https://www.googleapis.com/auth/userinfo.email "
            "https://www.googleapis.com/auth/userinfo.profile",
            "token_type": "Bearer",
            "id_token": self.id_token(grant, access_token),
        }

    def refused(self, why: RefusedError, code: str) -> Answer:  # noqa: ARG002
        """RFC 6749, 5.2, and one word of its own."""
        answers: dict[str, Answer] = {
            "client": (_error("invalid_client", "Unauthorized"), 401),
            "code": (_error("invalid_grant", "Bad Request"), 400),
            "verifier": (_error("invalid_grant", "Invalid code verifier."), 400),
            "redirect_uri": (_error("redirect_uri_mismatch", "Bad Request"), 400),
            "type": (_error("unsupported_grant_type", "Invalid grant_type"), 400),
        }
        return answers[str(why)]

    def profile(self, grant: Grant) -> Json:
        """UserInfo of OpenID Connect."""
        return {"sub": str(grant.person.number), **self._personal(grant)}

    def no_token(self) -> Answer:
        """RFC 6750, more or less."""
        return _error("invalid_request", "Invalid Credentials"), 401

    @staticmethod
    def _personal(grant: Grant) -> Json:
        name = grant.person.name
        found: Json = {"name": name, "given_name": name.split()[0], "picture": "https://lh3/x"}
        if grant.email is not None:
            found |= {"email": grant.email, "email_verified": grant.person.email_verified}
        return found


class Kakao(Dialect):
    """kauth.kakao.com and kapi.kakao.com."""

    name, title = "kakao", "Kakao"
    authorize_path, token_path = "/oauth/authorize", "/oauth/token"
    profile_path, jwks_path = "/v2/user/me", "/.well-known/jwks.json"
    knows_age = True

    def discovery(self) -> Json:
        """As Kakao has it."""
        return {
            **super().discovery(),
            "userinfo_endpoint": self.url + "/v1/oidc/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "request_uri_parameter_supported": False,
            "claims_supported": [
                "iss", "aud", "sub", "auth_time", "exp", "iat", "nonce", "nickname", "picture",
                "email",
            ],
        }  # fmt: skip

    def claims(self, grant: Grant, access_token: str) -> Json:
        """With an address that says nothing of its proof."""
        own = {"auth_time": now_s(), "nickname": grant.person.name, "email": grant.email}
        return {**super().claims(grant, access_token), **own}

    def denied(self, *, under_age: bool) -> dict[str, str]:
        """Of somebody under 14 the guardian's consent is missing."""
        why = "Not allowed under age 14" if under_age else "User denied access"
        return {"error": "access_denied", "error_description": why}

    def tokens(self, grant: Grant, access_token: str) -> Json:
        """With a refresh token, wanted or not."""
        return {
            "access_token": access_token,
            "token_type": "bearer",
            "refresh_token": f"refresh-{access_token}",
            "id_token": self.id_token(grant, access_token),
            "expires_in": TOKEN_S - 1,
            "scope": "account_email openid profile_nickname",
            "refresh_token_expires_in": 5_183_999,
        }

    def refused(self, why: RefusedError, code: str) -> Answer:
        """With a code of Kakao's own, and the authorization code in its text."""
        lost = f"authorization code not found for code={code}"
        answers: dict[str, Answer] = {
            "client": (_error("invalid_client", "Bad client credentials", "KOE010"), 401),
            "code": (_error("invalid_grant", lost, "KOE320"), 400),
            "verifier": (_error("invalid_grant", lost, "KOE320"), 400),
            "redirect_uri": (_error("invalid_grant", "Redirect URI mismatch.", "KOE303"), 400),
            "type": (_error("unsupported_grant_type", "unsupported grant type", "KOE001"), 400),
        }
        return answers[str(why)]

    def profile(self, grant: Grant) -> Json:
        """`/v2/user/me`: who has not agreed to give the address is asked for it again."""
        person = grant.person
        account: Json = {
            "profile_nickname_needs_agreement": False,
            "profile": {"nickname": person.name, "is_default_nickname": False},
            "has_email": person.email is not None,
            "email_needs_agreement": person.email is not None and grant.email is None,
        }
        if grant.email is not None:
            account |= {
                "is_email_valid": True,
                "is_email_verified": person.email_verified,
                "email": grant.email,
            }
        return {
            "id": person.number,
            "connected_at": "2026-01-01T00:00:00Z",
            "properties": {"nickname": person.name},
            "kakao_account": account,
        }

    def no_token(self) -> Answer:
        """Of Kakao's API."""
        return {"msg": "this access token does not exist", "code": -401}, 401


class Naver(Dialect):
    """nid.naver.com and openapi.naver.com: no OpenID Connect, and errors that look like success."""

    name, title = "naver", "Naver"
    authorize_path, token_path = "/oauth2.0/authorize", "/oauth2.0/token"
    profile_path = "/v1/nid/me"
    is_openid = False

    def denied(self, *, under_age: bool) -> dict[str, str]:  # noqa: ARG002 - it does not tell
        """In its own words."""
        return {"error": "access_denied", "error_description": "Canceled By User"}

    def tokens(self, grant: Grant, access_token: str) -> Json:  # noqa: ARG002
        """A life in digits, but in quotes."""
        return {
            "access_token": access_token,
            "refresh_token": f"refresh-{access_token}",
            "token_type": "bearer",
            "expires_in": str(TOKEN_S),
        }

    def refused(self, why: RefusedError, code: str) -> Answer:  # noqa: ARG002
        """Status 200, whatever is wrong."""
        if str(why) == "client":
            return _error("invalid_client", "wrong client id / client secret pair"), 200
        return _error("invalid_request", "no valid data in session"), 200

    def profile(self, grant: Grant) -> Json:
        """`/v1/nid/me`, nested."""
        found: Json = {
            "id": f"naver-{grant.person.number}",
            "nickname": grant.person.name,
            "name": grant.person.name,
        }
        if grant.email is not None:
            found["email"] = grant.email
        return {"resultcode": "00", "message": "success", "response": found}

    def no_token(self) -> Answer:
        """Of Naver's API."""
        message = "Authentication failed (인증 실패하였습니다.)"
        return {"resultcode": "024", "message": message}, 401


def _error(error: str, description: str, error_code: str | None = None) -> Json:
    found = {"error": error, "error_description": description}
    return found if error_code is None else {**found, "error_code": error_code}
