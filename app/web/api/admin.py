"""Dead letters, for admins."""

from app.observability.security_log import SecurityEvent, log_security
from app.protocol.dead_letters import DeadLetter, DeadLetterQuery, ReplayAnswer, ReplayRequest
from app.services.dead_letters import DeadLetterList
from app.services.replaying import Replaying
from app.web.api.listed import Listed
from app.web.api.route import Answer, Call, Route


def admin_routes(listed: DeadLetterList, replaying: Replaying) -> list[Route]:
    """Dead letters."""

    def replayed(call: Call) -> Answer:
        asked_by = f"user:{call.identity.user_id}"
        answer = replaying.some(call.body, requested_by=asked_by)
        log_security(SecurityEvent.REPLAYED, by=asked_by, records=_replayed(answer))
        return Answer(answer)

    return [
        Route(
            method="GET", path="/api/admin/dead-letters", summary="Dead letters", auth="admin",
            handle=lambda c: Answer(Listed(*listed.page(c.query))),
            query=DeadLetterQuery, answers={200: Listed[DeadLetter]},
        ),
        Route(
            method="POST", path="/api/admin/dead-letters/replay", summary="Replay dead letters",
            auth="admin", handle=replayed, body=ReplayRequest, answers={200: ReplayAnswer},
            codes=("NOT_FOUND",),
        ),
    ]  # fmt: skip


def _replayed(answer: ReplayAnswer) -> int:
    return sum(result.result in ("replayed", "unknown") for result in answer.items)
