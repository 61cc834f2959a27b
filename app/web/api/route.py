"""Routes: one description that Flask, the limits and the OpenAPI document all read."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from flask import Flask, Response, request
from msgspec import Struct
from msgspec.structs import fields
from werkzeug.routing import IntegerConverter

from app.domain.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from app.protocol.types import INT64_MAX
from app.protocol.validation import decode_object, parse
from app.services.accounts import Identity, refuse_suspended
from app.web.problem import TransportError

Auth = Literal["none", "optional", "lenient", "required", "active", "admin"]
"""Whether a call needs an access token; where it is lenient, a bad one counts as none. `active`:
also that the user is not suspended, because they would bid, sell or chat by it."""
Authenticate = Callable[[str], Identity]


@dataclass(frozen=True, slots=True)
class Call:
    """One request whose shape and identity have been checked."""

    ids: Mapping[str, Any]
    body: Any
    query: Any
    headers: Any
    who: Identity | None

    @property
    def identity(self) -> Identity:
        """The caller. Raise UnauthenticatedError for a guest."""
        if self.who is None:
            raise UnauthenticatedError(detail="sign in first")
        return self.who

    @property
    def viewer_id(self) -> int | None:
        """The caller's id, None for a guest."""
        return None if self.who is None else self.who.user_id


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a handler; no body: 204."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call of the API. `codes`: error codes beside those every such route may give."""

    method: str
    path: str
    summary: str
    handle: Callable[[Call], Answer]
    answers: Mapping[int, Any]
    body: type[Struct] | None = None
    body_optional: bool = False
    query: type[Struct] | None = None
    auth: Auth = "none"
    codes: tuple[str, ...] = ()
    headers: type[Struct] | None = None
    limit: str | None = None  # a rate per address, in flask-limiter's words

    @property
    def endpoint(self) -> str:
        """The route's name in Flask, in metrics and in rate limits."""
        return f"{self.method} {self.path}".replace(".", "_")


class IdConverter(IntegerConverter):
    """Ids in paths: ASCII digits without leading zeros (wire.md)."""

    regex = "[1-9][0-9]{0,18}"


def register(app: Flask, route: Route, authenticate: Authenticate) -> Callable[[], Response]:
    """Let `app` answer the route; the view, for limits."""

    def view(**ids: Any) -> Response:  # noqa: ANN401 - as the path says
        who = caller(route.auth, authenticate)
        call = Call(_checked(ids), _body(route), _query(route), _headers(route), who)
        return respond(route.handle(call))

    name = route.endpoint
    view.__name__ = view.__qualname__ = name  # rates are kept by it: it must be the view's own
    app.add_url_rule(route.path, endpoint=name, view_func=view, methods=[route.method])
    return view


def awaited(body: object, *, is_decided: bool) -> Answer:
    """Return the answer of a call that waits for an outcome: 202 when it has not come in time."""
    return Answer(body, 200 if is_decided else 202)


def caller(auth: Auth, authenticate: Authenticate) -> Identity | None:
    """Return the caller's identity.

    Raise UnauthenticatedError for a bad token, or for none where one is required, and
    ForbiddenError for a caller who is no admin, or suspended, where that is required.
    """
    header = request.headers.get("Authorization")
    if auth == "none" or (auth in ("optional", "lenient") and header is None):
        return None
    if auth == "lenient":
        with suppress(UnauthenticatedError):
            return caller("required", authenticate)
        return None
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError(detail="sign in first")
    identity = authenticate(token.strip())
    if auth == "admin" and identity.role != "admin":
        raise ForbiddenError(detail="only admins may")
    if auth in ("active", "admin"):
        refuse_suspended(identity)
    return identity


def respond(answer: Answer) -> Response:
    """The answer as JSON."""
    if answer.body is None:
        response = Response(status=204 if answer.status == 200 else answer.status)
    else:
        content = msgspec.json.encode(answer.body)
        response = Response(content, answer.status, mimetype="application/json")
    response.headers.update(dict(answer.headers))
    response.headers["Cache-Control"] = "no-store"
    return response


def _checked(ids: Mapping[str, Any]) -> Mapping[str, Any]:
    if any(isinstance(value, int) and not 1 <= value <= INT64_MAX for value in ids.values()):
        raise NotFoundError("no such thing")
    return ids


def _body(route: Route) -> Struct | None:
    if route.body is None:
        return None
    data = request.get_data(cache=False)
    if not data and route.body_optional:
        return parse({}, route.body)
    if data and request.mimetype != "application/json":
        raise TransportError("UNSUPPORTED_MEDIA_TYPE", "send application/json")
    return parse(decode_object(data), route.body)


def _query(route: Route) -> Struct | None:
    if route.query is None:
        return None
    return parse(request.args.to_dict(), route.query, strict=False)


def _headers(route: Route) -> Struct | None:
    if route.headers is None:
        return None
    names = [header.encode_name for header in fields(route.headers)]
    given = {name: request.headers[name] for name in names if name in request.headers}
    return parse(given, route.headers)
