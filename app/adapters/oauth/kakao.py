"""Kakao: OpenID Connect for who it is, and its own API for whether the e-mail is verified.

Kakao's id token has an address without a word about it. `/v2/user/me` says whether it is verified,
and whether it is still this account's (`is_email_valid`): only both together prove it.
"""

from typing import Any

import msgspec
from msgspec import Struct

from app.adapters.oauth.client import Client
from app.adapters.oauth.google import Subject
from app.adapters.oauth.openid import OpenId
from app.services.social import Flow, Grant, Profile

SCOPE = "openid account_email profile_nickname"
USER_PATH = "/v2/user/me"
UNDER_AGE_CODE = -406  # of a user under 14, in an app that admits none


class Claims(Struct, frozen=True):
    """The claims used of an id token."""

    sub: Subject
    nickname: str | None = None


class KakaoAccount(Struct, frozen=True):
    """The data the user has consented to share."""

    email: str | None = None
    is_email_valid: bool = False
    is_email_verified: bool = False


class KakaoUser(Struct, frozen=True):
    """`/v2/user/me`."""

    id: int
    kakao_account: KakaoAccount = KakaoAccount()


class KakaoFault(Struct, frozen=True):
    """Any refusal of the API."""

    code: int = 0


class Kakao:
    """The port `Provider`."""

    def __init__(self, client: Client, issuer: str, *, api_url: str) -> None:
        self._openid = OpenId(client, issuer)
        self._client, self._api_url = client, api_url

    def authorization_url(self, flow: Flow, redirect_uri: str) -> str:
        """Return the page to which the browser is sent."""
        return self._openid.authorization_url(flow, redirect_uri)

    def check_issuer(self, iss: str | None) -> None:
        """Raise ProviderError for the callback of another provider."""
        self._openid.check_issuer(iss)

    def identify(self, grant: Grant) -> Profile:
        """Return the profile of the user who got the code."""
        token, found = self._openid.fetch(grant)
        try:
            claims = msgspec.convert(found, Claims)
        except msgspec.ValidationError:
            raise self._client.failed("claims") from None
        account = self._account(token, claims.sub)
        return Profile(
            self._client.provider,
            claims.sub,
            nickname=claims.nickname,
            email=account.email,
            email_verified=account.is_email_valid and account.is_email_verified,
        )

    def _account(self, token: dict[str, Any], subject: str) -> KakaoAccount:
        answer = self._client.get(self._api_url + USER_PATH, token)
        if not answer.ok and self._is_under_age(answer.content):
            raise self._client.failed("age", "UNDER_AGE")
        user = self._client.read(answer, KakaoUser)
        if str(user.id) != subject:
            raise self._client.failed("user of another token")
        return user.kakao_account

    @staticmethod
    def _is_under_age(content: bytes) -> bool:
        try:
            return msgspec.json.decode(content, type=KakaoFault).code == UNDER_AGE_CODE
        except msgspec.DecodeError:
            return False
