"""Which frames of a socket wait for each other, because a store is asked for one of them."""

from typing import Final

from app.protocol import frames
from app.services.bidding import Bidding
from app.web.ws.connection import Connection

# Queues of a socket beside those of its channels, auctions and rooms
AUTH: Final = "auth"
NOTICES: Final = "notices"


def queue_of(connection: Connection, frame: frames.ClientFrame, bidding: Bidding) -> str | None:
    """Return the queue whose order the frame must keep; None when it need not wait."""
    identity = connection.identity
    if isinstance(frame, frames.Auth):
        return None if frame.token is None else AUTH
    if isinstance(frame, frames.Subscribe):
        return frame.channel
    if isinstance(frame, frames.BidStatus):
        return f"status:{frame.auction_id}"
    if isinstance(frame, frames.NoticeAck):
        return NOTICES
    queue, is_cached = "", True
    if isinstance(frame, frames.Unsubscribe):
        queue = frame.channel
    elif isinstance(frame, frames.BidPlace) and identity is not None:
        queue = f"bid:{frame.auction_id}"
        is_cached = bidding.cached_right(identity.user_id, frame.auction_id) is not None
    elif isinstance(frame, frames.ChatSend) and identity is not None:
        queue, is_cached = f"chat:{frame.room_id}", False  # its rate is checked in Redis
    return None if is_cached and not connection.queues.waiting(queue) else queue
