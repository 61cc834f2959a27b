"""Routes of a seller's blocks."""

from app.protocol.resources import Block, Listed, Page
from app.services.granting import Blocks
from app.web.api.route import Answer, Call, Route


def block_routes(blocks: Blocks) -> list[Route]:
    """The caller's blocks."""

    def blocked(call: Call) -> Answer:
        blocks.block(call.identity.user_id, call.ids["user_id"])
        return Answer()

    def unblocked(call: Call) -> Answer:
        blocks.unblock(call.identity.user_id, call.ids["user_id"])
        return Answer()

    one = "/api/me/blocks/<int:user_id>"
    return [
        Route(
            method="GET", path="/api/me/blocks", summary="Whom I have blocked", auth="required",
            handle=lambda c: Answer(blocks.page(c.identity.user_id, c.query)),
            query=Page, answers={200: Listed[Block]},
        ),
        Route(
            method="PUT", path=one, summary="Let somebody bid on none of my auctions",
            auth="required", handle=blocked, answers={204: None},
            codes=("NOT_FOUND", "INVALID", "TOO_MANY_BLOCKS"),
        ),
        Route(
            method="DELETE", path=one, summary="Let somebody bid again", auth="required",
            handle=unblocked, answers={204: None},
        ),
    ]  # fmt: skip
