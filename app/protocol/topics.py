"""Kafka topics: their names, partitions and consumer groups, in one place."""

from lanes import Topic, dead_letter_topic

AUCTION_BID = Topic("auction-bid", 12, for_ever=True)
AUCTION_EVENT = Topic("auction-event", 12)
CHAT_MESSAGE = Topic("chat-message", 12)
CHAT_EVENT = Topic("chat-event", 6)

LIVE_TOPICS = (AUCTION_BID, AUCTION_EVENT, CHAT_MESSAGE, CHAT_EVENT)
ALL_TOPICS = (*LIVE_TOPICS, *(dead_letter_topic(topic) for topic in LIVE_TOPICS))

INGEST_GROUP = "auction"
BROADCAST_GROUP = "broadcast"
SAVE_GROUP = "save"
EVENT_GROUP = "event"
