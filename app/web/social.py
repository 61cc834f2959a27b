"""Log-in by a provider in the browser: two redirects, and a page for failures.

The state of a log-in is in a signed cookie of the browser that began it. A slow provider delays
only its own callers: they hold no connection of a pool, and above a limit callers are refused at
once.
"""

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import gevent
import structlog
from flask import Flask, Response, request
from gevent.lock import BoundedSemaphore
from structlog.contextvars import bound_contextvars

from app.domain.errors import DomainError, NotFoundError, ProviderError
from app.observability.security_log import SecurityEvent, log_security
from app.services.accounts import SignedIn
from app.services.social import Callback, Flow, LinkOffer, Profile, SocialLogIn
from app.settings import Settings
from app.web.addresses import request_address, request_client
from app.web.cookies import SignedCookie, refresh_cookie

log = structlog.get_logger()

R = TypeVar("R")

CALLBACK_PATH = "/login/oauth2/code/"
# By endpoint, its path without the provider's name.
BEGIN, CALLBACK = "social_begin", "social_callback"
PATHS = {BEGIN: "/oauth2/authorization/", CALLBACK: CALLBACK_PATH}
FAILED_PAGE, LINK_PAGE = "/login/failed", "/link"
TOO_MANY_REQUESTS = 429
# A path of this site as browsers read it, who take a backslash for a slash and drop line ends.
LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,500}")
# Tells the page, once, that there is a session to take up: its own cookie no script can read.
SIGNED_IN, SIGNED_IN_S = "signed_in", 60


def install_social(
    app: Flask, social: SocialLogIn, settings: Settings
) -> dict[str, Callable[..., Response]]:
    """Let `app` answer both; its views by endpoint, for limits."""
    views = SocialViews(social, settings)
    found = {BEGIN: views.begin, CALLBACK: views.finish}
    for endpoint, view in found.items():
        path = f"{PATHS[endpoint]}<provider>"
        app.add_url_rule(path, endpoint=endpoint, view_func=view, methods=["GET"])
    app.after_request(views.show_refusal)
    return dict(found)


def local_path(text: str | None) -> str:
    """Return `text` if it is a path of this site, else the front page: no redirect leaves the
    site."""
    return text if text and LOCAL_PATH.fullmatch(text) else "/"


def offer_cookie(settings: Settings) -> SignedCookie:
    """The identity that the browser's user may link to an account."""
    return SignedCookie(settings, "link_offer")


class SocialViews:
    """From requests to the service; owns the cookies of log-ins under way."""

    def __init__(self, social: SocialLogIn, settings: Settings) -> None:
        self._social, self._settings = social, settings
        self._flows = {name: SignedCookie(settings, f"log_in_{name}") for name in social.providers}
        calls_max = settings.limits.provider_calls_max
        self._calls = {name: BoundedSemaphore(calls_max) for name in social.providers}
        self._offers = offer_cookie(settings)
        self._origins = {urlsplit(origin).netloc: origin for origin in settings.origins}

    def begin(self, provider: str) -> Response:
        """302 to the provider; the browser keeps what the callback is compared with."""
        return self._shown(provider, lambda: self._begin(provider))

    def finish(self, provider: str) -> Response:
        """302 to the page the browser's user came from, signed in; or to the page for linking."""
        return self._shown(provider, lambda: self._finish(provider))

    def show_refusal(self, answer: Response) -> Response:
        """Show the page to a browser that comes too often: limits answer instead of the views."""
        is_refused = answer.status_code == TOO_MANY_REQUESTS
        if is_refused and request.endpoint in PATHS and _is_browser():
            return self._failed(str((request.view_args or {})["provider"]), "RATE_LIMITED")
        return answer

    def _begin(self, provider: str) -> Response:
        self._check_known(provider)
        next_path = local_path(request.args.get("next"))
        begun = self._calling_provider(
            provider,
            lambda: self._social.begin(
                provider,
                next_path=next_path,
                links="link" in request.args,
                redirect_uri=self._redirect_uri(provider),
            ),
        )
        answer = _redirect(begun.url)
        answer.headers.add("Set-Cookie", self._flows[provider].kept(begun.flow))
        return answer

    def _finish(self, provider: str) -> Response:
        self._check_known(provider)
        flow = self._flows[provider].read(Flow)
        if flow is None or flow.provider != provider:
            raise ProviderError("STATE_INVALID", "this browser has begun no such log-in")
        names = [name for name in Callback.__struct_fields__ if name in request.args]
        callback = Callback(**{name: request.args[name] for name in names})
        uri = self._redirect_uri(provider)
        profile = self._calling_provider(
            provider, lambda: self._social.identify(flow, callback, uri)
        )
        entered = LinkOffer(profile, None) if flow.links else self._enter(profile)
        if isinstance(entered, LinkOffer):
            answer = self._offered(entered, flow)
        else:
            answer = self._signed_in(entered, flow)
        answer.headers.add("Set-Cookie", self._flows[provider].cleared())
        return answer

    def _enter(self, profile: Profile) -> SignedIn | LinkOffer:
        return self._social.enter(profile, request_client(self._settings))

    def _signed_in(self, signed_in: SignedIn, flow: Flow) -> Response:
        answer = _redirect(flow.next)
        answer.headers.add("Set-Cookie", refresh_cookie(self._settings, signed_in.refresh_token))
        answer.set_cookie(SIGNED_IN, "1", max_age=SIGNED_IN_S, path="/", samesite="Lax")
        return answer

    def _offered(self, offer: LinkOffer, flow: Flow) -> Response:
        query = {"provider": flow.provider, "next": flow.next}
        why = {} if offer.owner_id is None else {"why": "email"}
        answer = _redirect(f"{LINK_PAGE}?{urlencode({**query, **why})}")
        answer.headers.add("Set-Cookie", self._offers.kept(offer))
        return answer

    def _check_known(self, provider: str) -> None:
        if provider not in self._social.providers:
            raise NotFoundError("there is no log-in by this provider")

    def _calling_provider(self, provider: str, work: Callable[[], R]) -> R:
        """Run a call to a provider's servers within its time. Raise ProviderError."""
        calls = self._calls[provider]
        if not calls.acquire(blocking=False):
            raise _unavailable(provider, "too many wait for this provider")
        try:
            with gevent.Timeout(self._settings.limits.provider_timeout_s):
                return work()
        except gevent.Timeout:
            raise _unavailable(provider, "the provider did not answer in time") from None
        finally:
            calls.release()

    def _redirect_uri(self, provider: str) -> str:
        """Return our address to which the provider sends the browser back."""
        origin = self._origins.get(request.host, self._settings.base_url)
        return f"{origin.rstrip('/')}{CALLBACK_PATH}{provider}"

    def _shown(self, provider: str, answer: Callable[[], Response]) -> Response:
        """The answer; to a browser a failure is a page, to others the problem it is."""
        with bound_contextvars(address=request_address(self._settings)):
            try:
                return answer()
            except DomainError as error:
                if error.code == "STATE_INVALID":
                    log_security(SecurityEvent.CALLBACK_REFUSED, provider=provider)
                if not _is_browser():
                    raise
                return self._failed(provider, error.code)

    def _failed(self, provider: str, code: str) -> Response:
        query = {"code": code}
        if provider in self._flows:
            query |= {"provider": provider, **self._purpose(provider)}
        return _redirect(f"{FAILED_PAGE}?{urlencode(query)}")

    def _purpose(self, provider: str) -> dict[str, str]:
        """Return what the page needs to begin this log-in again."""
        if request.endpoint == BEGIN:
            next_path, links = local_path(request.args.get("next")), "link" in request.args
        else:
            flow = self._flows[provider].read(Flow)
            next_path, links = ("/", False) if flow is None else (flow.next, flow.links)
        return {"next": next_path, **({"link": ""} if links else {})}


def _unavailable(provider: str, reason: str) -> ProviderError:
    code = "PROVIDER_UNAVAILABLE"
    log.warning("provider_failed", provider=provider, code=code, reason=reason)
    return ProviderError(code, reason)


def _is_browser() -> bool:
    """Whether the caller reads pages, and not problems."""
    return "text/html" in request.headers.get("Accept", "")


def _redirect(url: str) -> Response:
    answer = Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})
    # What the address of a callback holds is nobody else's, for as little as it is worth then.
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
