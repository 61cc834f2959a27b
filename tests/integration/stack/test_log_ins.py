"""What a local user can do to the servers without a password, or with another's."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError, TopicAuthorizationFailedError
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from app.protocol.channels import auction_channel, session_key
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT, CHAT_MESSAGE
from app.settings import Settings, read_settings
from lanes.kafka.connect import make_producer
from lanes.kafka.security import client_arguments
from stack import Stack
from stack.environment import pool_log_ins
from tests import kafka_log
from tests.bid_values import bid_value

TIMEOUT_S = 10
USER_ID, LOT = 17, 4
FORGED = msgspec.json.encode(bid_value(USER_ID, LOT, "forged", amount=99_000))


def settings_as(stack: Stack, log_in: Mapping[str, str]) -> Settings:
    return read_settings(stack.environment(**log_in))


def forge(settings: Settings, topic: str = AUCTION_BID.name) -> None:
    producer = make_producer(settings.kafka, name="tests")
    try:
        producer.send(topic, key=b"%d" % LOT, value=FORGED).get(timeout=TIMEOUT_S)
    finally:
        producer.close(timeout=1)


def test_writing_bids_to_kafka_needs_the_right_password(stack: Stack) -> None:
    operator = read_settings(stack.environment())
    before = kafka_log.ends(operator, AUCTION_BID.name)
    anonymous = msgspec.structs.replace(operator, kafka_security_protocol="PLAINTEXT")
    wrong_password = msgspec.structs.replace(operator, kafka_sasl_password="guessed")
    for settings in (anonymous, wrong_password):
        arguments = client_arguments(settings.kafka)
        with pytest.raises(KafkaError):
            KafkaProducer(**arguments, bootstrap_timeout_ms=2_000)
    assert kafka_log.ends(operator, AUCTION_BID.name) == before


def test_the_bridge_may_write_only_its_own_records(
    stack: Stack,
) -> None:
    operator = read_settings(stack.environment())
    before = kafka_log.ends(operator, AUCTION_BID.name)
    bridge = settings_as(stack, pool_log_ins(stack.credentials)["bridge"])
    for topic in (AUCTION_BID, CHAT_MESSAGE):
        with pytest.raises(TopicAuthorizationFailedError):
            forge(bridge, topic.name)
    with pytest.raises(TopicAuthorizationFailedError):
        forge(bridge.as_clock, AUCTION_EVENT.name)
    assert kafka_log.ends(operator, AUCTION_BID.name) == before


def test_redis_users_need_a_password_and_see_their_own_keys(
    stack: Stack,
) -> None:
    environment = stack.environment()
    address = urlsplit(environment["REDIS_URL"]).netloc.rpartition("@")[2]
    for url in (f"redis://{address}", f"redis://auth:guessed@{address}"):
        with Redis.from_url(url) as wrong_password, pytest.raises(AuthenticationError):
            wrong_password.get("anything")
    with Redis.from_url(environment["REDIS_BROKER_URL"]) as broker:
        with pytest.raises(NoPermissionError):
            broker.set(session_key("stolen"), USER_ID)
        with pytest.raises(NoPermissionError):
            broker.publish(auction_channel(1), "{}")
    with Redis.from_url(environment["REDIS_AUTH_URL"]) as auth, pytest.raises(NoPermissionError):
        auth.flushall()


def test_redis_transactions_survive_a_restart(stack: Stack) -> None:
    url, key = stack.environment()["REDIS_AUTH_URL"], session_key("kept")
    with Redis.from_url(url) as auth, auth.pipeline(transaction=True) as transaction:
        transaction.set(session_key("other"), USER_ID, ex=60)  # of one command Redis makes none
        transaction.set(key, USER_ID, ex=60)
        transaction.execute()
    stack.control.stop("redis")
    stack.control.start("redis")
    stack.servers_up()
    with Redis.from_url(url) as auth:
        assert auth.get(key) == b"%d" % USER_ID


def test_chat_is_stored_and_read_with_a_password_alone(stack: Stack) -> None:
    url = urlsplit(stack.environment()["MONGODB_URL"])
    address = url.netloc.rpartition("@")[2]
    guessed = url._replace(netloc=f"ferretdb:guessed@{address}").geturl()
    for wrong_password in (f"mongodb://{address}/auction", guessed):
        with MongoClient[dict[str, object]](wrong_password, timeoutMS=5_000) as client:
            messages = client.get_default_database()["messages"]
            with pytest.raises(OperationFailure):
                messages.find_one()
            with pytest.raises(OperationFailure):
                messages.insert_one({"_id": "forged"})
