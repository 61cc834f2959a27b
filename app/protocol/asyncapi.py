"""The AsyncAPI 3 document of `/ws`, generated from the structs of frames and pushes."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from app.protocol import pushes
from app.protocol.frames import CLIENT_FRAMES

_SERVER_FRAMES: tuple[type[Struct], ...] = (
    pushes.FrameError,
    pushes.Welcome,
    pushes.TimeAnswer,
    pushes.SubscribedAuction,
    pushes.SubscribedRoom,
    pushes.SubscribedAuctions,
    pushes.Unsubscribed,
    pushes.BidReceived,
    pushes.BidUnknown,
    pushes.BidStatusAnswer,
    pushes.ChatReceived,
    pushes.ChatUnknown,
    pushes.NoticeAcked,
    pushes.BidResult,
    pushes.BidRefused,
    pushes.AuctionStatePush,
    pushes.AuctionsPrice,
    pushes.ChatMessagePush,
    pushes.ChatPresence,
    pushes.AuctionPresence,
    pushes.NoticePush,
    pushes.Bye,
)


def asyncapi_document() -> dict[str, Any]:
    """Return the document of the frames on `/ws`; `send` and `receive` are the server's."""
    sent = list(_SERVER_FRAMES)
    received = list(CLIENT_FRAMES.values())
    _, schemas = msgspec.json.schema_components(
        [*sent, *received], ref_template="#/components/schemas/{name}"
    )
    for name, struct in CLIENT_FRAMES.items():
        schemas[struct.__name__]["properties"]["type"] = {"const": name}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Auction house, live", "version": "1.0.0"},
        "defaultContentType": "application/json",
        "channels": {
            "ws": {
                "address": "/ws",
                "messages": {s.__name__: _message(s) for s in [*received, *sent]},
            }
        },
        "operations": {
            "hear": _operation("receive", received),
            "tell": _operation("send", sent),
        },
        "components": {"schemas": schemas},
    }


def _message(struct: type[Struct]) -> dict[str, Any]:
    name = struct.__name__
    return {"name": name, "payload": {"$ref": f"#/components/schemas/{name}"}}


def _operation(action: str, structs: Sequence[type[Struct]]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/ws"},
        "messages": [{"$ref": f"#/channels/ws/messages/{s.__name__}"} for s in structs],
    }
