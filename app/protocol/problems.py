"""Every error code, with its HTTP status, and every WebSocket close code (wire.md)."""

from enum import IntEnum

STATUS_OF_CODE = {
    "MALFORMED": 400,
    "UNAUTHENTICATED": 401,
    "BAD_CREDENTIALS": 401,
    "TOKEN_REUSED": 401,
    "FORBIDDEN": 403,
    "NOT_MEMBER": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TIMEOUT": 408,
    "EMAIL_TAKEN": 409,
    "AUCTION_EXISTS": 409,
    "AUCTION_LIVE": 409,
    "KEY_REUSED": 409,
    "RESERVE_INVALID": 409,
    "CANCEL_TOO_LATE": 409,
    "CLOSED": 409,
    "TOO_LARGE": 413,
    "URI_TOO_LONG": 414,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "EXPECTATION_FAILED": 417,
    "INVALID": 422,
    "UPGRADE_REQUIRED": 426,
    "RATE_LIMITED": 429,
    "HEADERS_TOO_LARGE": 431,
    "INTERNAL": 500,
    "NOT_IMPLEMENTED": 501,
    "BUSY": 503,
    "BID_UNKNOWN": 504,
    "VERSION_NOT_SUPPORTED": 505,
}


class CloseCode(IntEnum):
    """Why the server ends a socket. Up to 4013 of the first group a client reconnects."""

    OVERSIZE = 1009
    INVALID_UTF8 = 1007
    DRAIN = 4001
    SERVER_ERROR = 4004
    TOO_SLOW = 4008
    NO_PONG = 4012
    RATE = 4013
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    TOO_MANY_SOCKETS = 4409
