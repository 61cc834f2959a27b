"""Pushes the number of sockets at each channel, every few seconds, over all gateways."""

from app.protocol.channels import AUCTIONS, ROOM, kind_and_number
from app.protocol.pushes import AuctionPresence, ChatPresence
from app.web.ws.feeds import encode
from app.web.ws.framing import text_frame
from app.web.ws.registry import Registry
from app.web.ws.services import SharedSockets


class Presence:
    """Counts of this process's channels, everywhere."""

    def __init__(self, registry: Registry, shared: SharedSockets) -> None:
        self._registry, self._shared = registry, shared
        self._counts: dict[str, int] = {}

    def count(self, channel: str) -> int:
        """Return the latest number of sockets at a channel, and at least those here."""
        here = self._registry.channels.get(channel)
        return max(self._counts.get(channel, 0), 0 if here is None else len(here))

    def round(self) -> None:
        """Exchange counts, and push each channel its own."""
        here = {
            name: len(channel)
            for name, channel in self._registry.channels.items()
            if name != AUCTIONS
        }
        self._counts = self._shared.exchange(here) if here else {}
        for name, count in self._counts.items():
            self._push_count(name, count)
        sockets = self._registry.sockets_by_user()
        if sockets:
            self._shared.renew_sockets(sockets)

    def _push_count(self, name: str, count: int) -> None:
        channel = self._registry.channels.get(name)
        if channel is None:
            return
        if kind_and_number(name)[0] == ROOM:
            newest = max(channel.newest, 0)
            channel.push_unnumbered(
                text_frame(encode(ChatPresence(channel=name, online=count, last_seq=newest)))
            )
        else:
            channel.push_unnumbered(
                text_frame(encode(AuctionPresence(channel=name, watching=count)))
            )
