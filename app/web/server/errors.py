"""Errors for requests refused before the application, with status and code."""

from gunicorn.http.errors import (
    ExpectationFailed,
    ForbiddenProxyRequest,
    InvalidHTTPVersion,
    LimitRequestHeaders,
    LimitRequestLine,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)


class EdgeError(Exception):
    """A request that does not reach the application; `code` is one of app/protocol/problems.py."""

    code = "MALFORMED"


class RequestTimeoutError(EdgeError):
    """The request did not arrive in time."""

    code = "REQUEST_TIMEOUT"


class BodyTooLargeError(EdgeError):
    """The body, or what frames it, is over its limit."""

    code = "TOO_LARGE"


class BodyEndedError(EdgeError):
    """The client closed before the end of the body."""


class NoHostError(EdgeError):
    """An HTTP/1.1 request without Host (RFC 9112, 3.2)."""


class TooManyUnfinishedError(EdgeError):
    """The client has too many requests that have not arrived yet."""

    code = "RATE_LIMITED"


class OverloadedError(EdgeError):
    """All clients together have too many requests that have not arrived yet."""

    code = "BUSY"


_CODES: dict[type[Exception], str] = {
    LimitRequestLine: "URI_TOO_LONG",
    LimitRequestHeaders: "HEADERS_TOO_LARGE",
    UnsupportedTransferCoding: "NOT_IMPLEMENTED",
    ExpectationFailed: "EXPECTATION_FAILED",
    ForbiddenProxyRequest: "FORBIDDEN",
    NoMoreData: "MALFORMED",
}


def code_of(error: Exception) -> str:
    """Return the code of an error raised while a request was read or answered."""
    if isinstance(error, EdgeError):
        return error.code
    if isinstance(error, InvalidHTTPVersion):
        # A version that can be read and is not ours, or none at all.
        return "VERSION_NOT_SUPPORTED" if isinstance(error.version, tuple) else "MALFORMED"
    default = "MALFORMED" if isinstance(error, ParseException) else "INTERNAL"
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), default)
