"""Dead letters, for admins."""

from app.protocol.dead_letters import DeadLetter, DeadLetterQuery, ReplayAnswer, ReplayRequest
from app.services.dead_letters import DeadLetterList
from app.services.replaying import Replaying
from app.web.api.listed import Listed
from app.web.api.route import Answer, Call, Route


def admin_routes(listed: DeadLetterList, replaying: Replaying) -> list[Route]:
    """Dead letters."""

    def replayed(call: Call) -> Answer:
        asked_by = f"user:{call.identity.user_id}"
        return Answer(replaying.some(call.body, requested_by=asked_by))

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
