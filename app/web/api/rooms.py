"""Chat rooms over HTTP."""

from msgspec import UNSET, UnsetType

from app.protocol.resources import Body, ChatMessage, Limit, Listed, Page, Room, RoomCreate
from app.protocol.types import Seq
from app.services.rooms import RoomService
from app.web.api.route import Answer, Call, Route


class MessageQuery(Body, frozen=True):
    """Query of `GET /api/rooms/{id}/messages`."""

    before_seq: Seq | UnsetType = UNSET
    after_seq: Seq | UnsetType = UNSET
    limit: Limit = 20


def room_routes(rooms: RoomService) -> list[Route]:
    """Rooms."""

    def opened(call: Call) -> Answer:
        room, is_new = rooms.open(call.identity.user_id, call.body.auction_id)
        return Answer(room, 201 if is_new else 200)

    def messages(call: Call) -> Answer:
        query = call.query
        found = rooms.messages(
            call.identity.user_id, call.ids["room_id"], limit=query.limit,
            before_seq=None if query.before_seq is UNSET else query.before_seq,
            after_seq=None if query.after_seq is UNSET else query.after_seq,
        )  # fmt: skip
        return Answer(Listed(found, None))

    one, missing = "/api/rooms/<int:room_id>", ("NOT_FOUND",)
    return [
        Route(
            method="POST", path="/api/rooms", summary="Open an auction's room", auth="active",
            handle=opened, body=RoomCreate, answers={200: Room, 201: Room}, codes=missing,
        ),
        Route(
            method="GET", path="/api/rooms", summary="My rooms", auth="required",
            handle=lambda c: Answer(rooms.joined(c.identity.user_id, c.query)),
            query=Page, answers={200: Listed[Room]},
        ),
        Route(
            method="GET", path=one, summary="A room", auth="required", codes=missing,
            handle=lambda c: Answer(rooms.room(c.identity.user_id, c.ids["room_id"])),
            answers={200: Room},
        ),
        Route(
            method="POST", path=f"{one}/join", summary="Join", auth="active", codes=missing,
            handle=lambda c: Answer(rooms.join(c.identity.user_id, c.ids["room_id"])),
            answers={200: Room},
        ),
        Route(
            method="POST", path=f"{one}/leave", summary="Leave", auth="required", codes=missing,
            handle=lambda c: Answer(rooms.leave(c.identity.user_id, c.ids["room_id"])),
            answers={200: Room},
        ),
        Route(
            method="GET", path=f"{one}/messages", summary="Messages", auth="required",
            handle=messages, query=MessageQuery, answers={200: Listed[ChatMessage]},
            codes=("NOT_FOUND", "NOT_MEMBER"),
        ),
    ]  # fmt: skip
