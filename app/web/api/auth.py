"""Sign-up, log-in, refresh, log-out, me."""

from collections.abc import Callable

import msgspec
from flask import request
from structlog.contextvars import bound_contextvars

from app.domain.errors import UnauthenticatedError
from app.observability.security_log import SecurityEvent, log_security
from app.protocol.resources import Login, Refresh, Signup, Tokens, UserAnswer
from app.services.accounts import Accounts, SignedIn
from app.services.login_backoff import EXEMPT, LoginOrigin
from app.services.sessions import Client
from app.settings import Settings
from app.web.addresses import address_network, is_trusted, request_address, request_client
from app.web.api.route import Answer, Call, Route
from app.web.cookies import DEVICE, REFRESH, device_cookie, given_cookie, refresh_cookie


def auth_routes(accounts: Accounts, settings: Settings) -> list[Route]:
    """The routes of item Accounts."""
    handlers = AuthHandlers(accounts, settings)
    limits = settings.limits
    return [
        Route(
            method="POST", path="/api/auth/signup", summary="Sign up",
            handle=handlers.from_address(handlers.sign_up), body=Signup, answers={201: UserAnswer},
            codes=("EMAIL_TAKEN",), limit=f"{limits.signups_per_hour}/hour",
        ),
        Route(
            method="POST", path="/api/auth/login", summary="Log in",
            handle=handlers.from_address(handlers.log_in), body=Login, answers={200: Tokens},
            codes=("BAD_CREDENTIALS", "FORBIDDEN", "RATE_LIMITED"),
            limit=f"{limits.logins_per_minute}/minute",
        ),
        Route(
            method="POST", path="/api/auth/refresh", summary="Rotate the refresh token",
            handle=handlers.from_address(handlers.refresh),
            body=Refresh, body_optional=True, answers={200: Tokens},
            codes=("UNAUTHENTICATED", "TOKEN_REUSED", "FORBIDDEN"),
        ),
        Route(
            method="POST", path="/api/auth/logout", summary="End the session",
            handle=handlers.from_address(handlers.log_out), auth="lenient", answers={204: None},
            codes=("FORBIDDEN",),
        ),
        Route(
            method="GET", path="/api/me", summary="The signed-in user",
            handle=handlers.me, auth="required", answers={200: UserAnswer},
        ),
    ]  # fmt: skip


class AuthHandlers:
    """From calls to the accounts service; owns the refresh cookie."""

    def __init__(self, accounts: Accounts, settings: Settings) -> None:
        self._accounts, self._settings = accounts, settings

    def from_address(self, handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """Return `handle` with the client's address in all its log lines."""

        def handle_from(call: Call) -> Answer:
            with bound_contextvars(address=request_address(self._settings)):
                return handle(call)

        return handle_from

    def sign_up(self, call: Call) -> Answer:
        """201 with the user."""
        return Answer(self._accounts.sign_up(call.body), 201)

    def log_in(self, call: Call) -> Answer:
        """200 with tokens; the refresh token in body or cookie, as requested."""
        signed_in = self._accounts.log_in(call.body, self._client(), self._origin())
        return self._tokens(signed_in, in_body=call.body.delivery == "body")

    def refresh(self, call: Call) -> Answer:
        """200 with tokens; the refresh token is returned the way it was sent."""
        given = call.body.refresh_token
        token = given if given is not None else given_cookie(self._settings, REFRESH)
        if not token:
            raise UnauthenticatedError(detail="no refresh token")
        return self._tokens(
            self._accounts.refresh(token, self._client()), in_body=given is not None
        )

    def log_out(self, call: Call) -> Answer:
        """204, and the cookie is gone; the session of the access token is ended, and that of the
        cookie, which is enough alone: the access token of a page just opened may be gone."""
        cookie = given_cookie(self._settings, REFRESH)
        if call.who is None and not cookie:
            raise UnauthenticatedError(detail="sign in first")
        if call.who is not None:
            self._accounts.log_out(call.who)
        if cookie:
            self._accounts.log_out_by_refresh_token(cookie)
        log_security(
            SecurityEvent.LOGGED_OUT, user_id=None if call.who is None else call.who.user_id
        )
        return Answer(headers={"Set-Cookie": refresh_cookie(self._settings, "")})

    def me(self, call: Call) -> Answer:
        """The user."""
        return Answer(self._accounts.me(call.identity))

    def _client(self) -> Client:
        return request_client(self._settings)

    def _origin(self) -> LoginOrigin:
        address = request_address(self._settings)
        if is_trusted(address, self._settings):
            return EXEMPT
        return LoginOrigin(address_network(address), request.cookies.get(DEVICE, ""))

    def _tokens(self, signed_in: SignedIn, *, in_body: bool) -> Answer:
        tokens, cookies = signed_in.tokens, []
        if in_body:
            tokens = msgspec.structs.replace(tokens, refresh_token=signed_in.refresh_token)
        else:
            cookies.append(refresh_cookie(self._settings, signed_in.refresh_token))
        if signed_in.device_token:
            cookies.append(device_cookie(self._settings, signed_in.device_token))
        return Answer(tokens, headers={"Set-Cookie": cookies} if cookies else {})
