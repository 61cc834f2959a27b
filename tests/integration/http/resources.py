"""Existing resources of the caller, as targets of bad input."""

from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition

from app.protocol.topics import LIVE_TOPICS
from app.settings import read_settings
from lanes.kafka.security import client_arguments
from tests.integration.http.market import Market, Person, in_s


@dataclass(frozen=True, slots=True)
class Resources:
    """A seller with a free product, one up for auction, and a room; and the ends of the log."""

    market: Market
    seller: Person
    free_product_id: int
    ids: dict[str, int]

    @classmethod
    def of(cls, market: Market) -> "Resources":
        """A new ground, with a seller of its own."""
        seller = market.person("seller")
        free = market.product(seller, sale_type="auction")
        auction = market.auction(seller, starts_at=in_s(600), reserve_price=2_000)
        room = market.made("/api/rooms", seller, {"type": "auction", "auction_id": auction["id"]})
        market.made(f"/api/rooms/{room['id']}/join", seller, None)
        ids = {
            "product_id": market.product(seller, sale_type="direct", price=5)["id"],
            "auction_id": auction["id"],
            "room_id": room["id"],
            "user_id": market.person("somebody else").id,
        }
        return cls(market, seller, free["id"], ids)

    def path(self, template: str) -> str:
        """The path with our ids in it."""
        return template.format_map(self.ids)

    def log_ends(self) -> dict[TopicPartition, int]:
        """The next offset of every partition of every topic."""
        consumer = KafkaConsumer(**client_arguments(read_settings().kafka))
        parts = [TopicPartition(t.name, n) for t in LIVE_TOPICS for n in range(t.partitions)]
        ends: dict[TopicPartition, int] = consumer.end_offsets(parts)
        consumer.close()
        return ends
