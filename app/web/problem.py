"""Every error as `application/problem+json` (RFC 9457), wherever it was raised."""

import math

import msgspec
import structlog
from flask import Flask, Response, request
from msgspec import UNSET, Struct, UnsetType
from werkzeug.exceptions import HTTPException

from app.domain.errors import (
    DomainError,
    FieldFault,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from app.protocol.problems import STATUS_OF_CODE
from app.protocol.validation import MalformedError
from app.web.retry import retry_after_ms
from lanes import NotFoundError as UnknownNameError
from lanes import OutageError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
CODE_OF_STATUS = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "RATE_LIMITED",
}
RATE_RETRY_S = 10


class FieldError(Struct, frozen=True):
    """One wrong field."""

    field: str
    code: str
    message: str


class Problem(Struct, frozen=True):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[FieldError] | UnsetType = UNSET


class TransportError(DomainError):
    """A fault of the request itself: `MALFORMED`, `TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`."""


def install_problems(app: Flask) -> None:
    """Make every error of `app` a problem."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(OutageError, _outage)
    app.register_error_handler(UnknownNameError, _unknown_name)
    app.register_error_handler(MalformedError, _malformed)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _domain(error: DomainError) -> Response:
    faults = error.faults if isinstance(error, InvalidError) else None
    answer = problem(error.code, error.detail, faults=faults)
    after_ms = retry_after_ms(error)
    if after_ms is not None:
        answer.headers["Retry-After"] = str(math.ceil(after_ms / 1000))
    return answer


def _outage(error: OutageError) -> Response:
    """Answer BUSY; what the platform says of the server is for its operators."""
    return _domain(UnavailableError(str(error)))


def _unknown_name(error: UnknownNameError) -> Response:
    return _domain(NotFoundError(str(error)))


def _malformed(error: MalformedError) -> Response:
    return problem("MALFORMED", str(error))


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return Response(error.get_response().data, error.code or 200, dict(error.get_headers()))
    status = error.code
    default = "INTERNAL" if status >= 500 else "MALFORMED"
    answer = problem(CODE_OF_STATUS.get(status, default), error.description or "", status=status)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    log.error("request_failed", path=request.path, exc_info=error)
    return problem("INTERNAL", "the request could not be answered")


def problem(
    code: str,
    detail: str = "",
    *,
    faults: tuple[FieldFault, ...] | None = None,
    status: int | None = None,
) -> Response:
    """Return the answer for `code`, with the headers its status requires."""
    status = status or STATUS_OF_CODE.get(code, 500)
    body = encode_problem(code, detail, instance=request.path, status=status, faults=faults)
    answer = Response(body, status, mimetype=MEDIA_TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == 429:
        answer.headers["Retry-After"] = str(RATE_RETRY_S)
    return answer


def encode_problem(
    code: str,
    detail: str,
    *,
    instance: str,
    status: int | None = None,
    faults: tuple[FieldFault, ...] | None = None,
) -> bytes:
    """Return the body of the answer for `code`; `instance` is the requested path."""
    title = code.replace("_", " ").capitalize()
    body = Problem(
        type=f"urn:problem:{code.lower().replace('_', '-')}",
        title=title,
        status=status or STATUS_OF_CODE.get(code, 500),
        detail=detail or title,
        instance=instance,
        code=code,
        errors=[FieldError(f.field, f.code, f.message) for f in faults] if faults else UNSET,
    )
    return msgspec.json.encode(body)
