"""Answers to frames that were not carried out (wire.md)."""

from collections.abc import Callable
from typing import TypeVarTuple

import structlog
from msgspec import UNSET

from app.domain.errors import DomainError, InvalidError
from app.protocol.problems import CloseCode
from app.protocol.pushes import FrameError
from app.web.retry import retry_after_ms
from app.web.ws.connection import OPENED, Connection

Args = TypeVarTuple("Args")

log = structlog.get_logger()


def carry_out(
    connection: Connection, frame_id: int, kind: str, act: Callable[[*Args], None], *args: *Args
) -> None:
    """Call `act(*args)` for a frame of this `kind`; answer the frame with the error it raises."""
    try:
        act(*args)
    except DomainError as error:
        refuse(connection, frame_id, error)
    except Exception:
        log.exception("frame_failed", connection_id=connection.id, type=kind)
        connection.answer(FrameError(re=frame_id, code="INTERNAL", detail="our fault"))


def refuse(connection: Connection, frame_id: int, error: DomainError) -> None:
    """Answer with the error. A socket is closed whose first frame is invalid."""
    if isinstance(error, InvalidError):
        _invalid(connection, frame_id, error)
        return
    after_ms = retry_after_ms(error)
    connection.answer(
        FrameError(
            re=frame_id,
            code=error.code,
            detail=error.detail,
            retry=after_ms is not None,
            retry_after_ms=UNSET if after_ms is None else after_ms,
        )
    )


def _invalid(connection: Connection, frame_id: int, error: InvalidError) -> None:
    if connection.state is OPENED:
        connection.close(CloseCode.UNAUTHENTICATED, "bad auth")
        return
    field = error.faults[0].field if error.faults else ""
    connection.answer(FrameError(re=frame_id, code="INVALID", detail=error.detail, field=field))
