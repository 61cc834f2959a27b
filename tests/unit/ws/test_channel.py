"""No push is lost between a snapshot and the stream, and none is sent twice."""

import gevent

from app.web.ws.channel import SEND_BATCH, Channel


class Subscriber:
    def __init__(self) -> None:
        self.update: list[bytes] = []

    def push(self, frame: bytes) -> None:
        self.update.append(frame)


def test_pushes_during_the_snapshot_are_sent_unless_covered() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    for number in (4, 5, 6):
        channel.push(number, b"%d" % number)
    assert subscriber.update == []
    channel.joined(subscriber, 5)
    channel.push(7, b"7")
    assert subscriber.update == [b"6", b"7"]


def test_pushes_covered_by_a_newer_snapshot_are_dropped() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    channel.joined(subscriber, 9)
    channel.push(9, b"9")
    channel.push(10, b"10")
    assert subscriber.update == [b"10"]


def test_numbers_only_rise() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    channel.joined(subscriber, -1)
    for number in (0, 2, 1, 2, 3):
        channel.push(number, b"%d" % number)
    assert subscriber.update == [b"0", b"2", b"3"]


def test_a_subscriber_that_left_while_joining_gets_nothing() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    channel.leave(subscriber)
    channel.joined(subscriber, 0)
    channel.push(1, b"1")
    assert subscriber.update == []
    assert len(channel) == 0


def test_a_rejoining_subscriber_gets_each_frame_once_in_order() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    channel.joined(subscriber, 0)
    channel.push(1, b"1")
    channel.join(subscriber)
    channel.push(2, b"2")
    channel.push(3, b"3")
    assert (subscriber.update, len(channel)) == ([b"1"], 1)
    channel.joined(subscriber, 2)
    channel.push(4, b"4")
    assert subscriber.update == [b"1", b"3", b"4"]


def test_a_failed_resubscription_keeps_the_earlier_one() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    channel.joined(subscriber, 1)
    channel.join(subscriber)
    channel.push(1, b"1")
    channel.push(2, b"2")
    assert channel.not_joined(subscriber)
    channel.push(3, b"3")
    assert subscriber.update == [b"2", b"3"]


def test_a_failed_join_leaves_no_subscriber() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    assert not channel.not_joined(subscriber)


def subscribers(channel: Channel) -> list[Subscriber]:
    """More listeners than are sent a frame in one turn."""
    listening = [Subscriber() for _ in range(2 * SEND_BATCH + 1)]
    for subscriber in listening:
        channel.join(subscriber)
        channel.joined(subscriber, 0)
    return listening


def send_all(channel: Channel) -> None:
    while channel.is_sending:
        gevent.sleep(0)


def test_many_subscribers_get_frames_in_order_without_delay() -> None:
    channel = Channel()
    listening = subscribers(channel)
    for number in (1, 2, 3):
        channel.push(number, b"%d" % number)
    gevent.sleep(0)
    assert 0 < sum(len(subscriber.update) for subscriber in listening) < 3 * len(listening)
    send_all(channel)
    assert all(subscriber.update == [b"1", b"2", b"3"] for subscriber in listening)


def test_joining_during_a_send_gets_only_later_frames() -> None:
    channel, late = Channel(), Subscriber()
    subscribers(channel)
    channel.push(1, b"1")
    channel.join(late)
    channel.push(2, b"2")
    channel.joined(late, -1)
    send_all(channel)
    assert late.update == [b"2"]


def test_rejoining_during_a_send_gets_every_frame_once() -> None:
    channel = Channel()
    *_, last = subscribers(channel)
    channel.push(1, b"1")
    gevent.sleep(0)
    channel.join(last)
    channel.push(2, b"2")
    assert channel.not_joined(last)
    send_all(channel)
    assert last.update == [b"1", b"2"]


def test_unnumbered_frames_keep_their_order() -> None:
    channel = Channel()
    listening = subscribers(channel)
    channel.push(1, b"1")
    channel.push_unnumbered(b"online")
    send_all(channel)
    assert all(subscriber.update[-2:] == [b"1", b"online"] for subscriber in listening)


def test_a_subscriber_that_leaves_during_a_send_is_skipped() -> None:
    channel = Channel()
    *_, last = subscribers(channel)
    channel.push(1, b"1")
    gevent.sleep(0)
    channel.leave(last)
    send_all(channel)
    assert last.update == []
