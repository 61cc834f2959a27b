"""What the sockets of a gateway use: made once, and handed to every part of it as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from redis import Redis

from app.services.accounts import Identity
from app.services.backlog import Admission
from app.services.bidding import Bidding
from app.services.chat import Chat
from app.services.live import AuctionViews, LiveViews, UserNotices
from app.services.snapshots import Snapshots
from app.settings import Limits
from app.web.ws.waits import OutcomeWaits

Clock = Callable[[], float]


class SharedSockets(Protocol):
    """The sockets of all gateways, as far as one must know of another's."""

    def claim_socket(self, user_id: int, socket_id: str) -> list[str] | None:
        """Register a new socket; return those it evicts, on any gateway. None when it is not
        known."""
        ...

    def release_socket(self, user_id: int, socket_id: str) -> None:
        """Remove the socket."""
        ...

    def renew_sockets(self, sockets: Mapping[int, Mapping[str, float]]) -> None:
        """Renew open sockets: by user, by id, seconds since their last frame."""
        ...

    def exchange(self, here: Mapping[str, int]) -> dict[str, int]:
        """Publish the number of sockets at each channel here; return the numbers over all
        gateways."""
        ...


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """The services, limits and clocks of one gateway process."""

    limits: Limits
    clock: Clock  # monotonic seconds
    wall_clock: Clock  # epoch seconds
    admission: Admission
    bidding: Bidding
    chat: Chat
    auction_views: AuctionViews
    live: LiveViews
    snapshots: Snapshots  # auctions as guests see them
    user_notices: UserNotices
    shared_sockets: SharedSockets
    fanout: Redis  # brings what other processes publish
    waits: OutcomeWaits
    authenticate: Callable[[str], Identity]  # by token; raises UnauthenticatedError
    living_sessions: Callable[[Sequence[str]], set[str]]  # those not ended; raises BusyError
    start_producers: Callable[[], None]  # connect to Kafka; wait briefly
    flush_producers: Callable[[float], None]  # wait for acknowledgements, at most so many seconds

    def now_ms(self) -> int:
        """Return the time of day, in milliseconds."""
        return int(self.wall_clock() * 1_000)
