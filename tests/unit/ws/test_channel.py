"""Nothing falls between a snapshot and the stream, and nothing comes twice."""

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


def test_who_left_while_joining_hears_nothing() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    channel.leave(subscriber)
    channel.joined(subscriber, 0)
    channel.push(1, b"1")
    assert subscriber.update == []
    assert len(channel) == 0


def test_who_joins_again_hears_in_order_and_nothing_twice() -> None:
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


def test_who_could_not_join_at_all_is_no_listener() -> None:
    channel, subscriber = Channel(), Subscriber()
    channel.join(subscriber)
    assert not channel.not_joined(subscriber)


def subscribers(channel: Channel) -> list[Subscriber]:
    """More listeners than are sent a frame in one turn."""
    ears = [Subscriber() for _ in range(2 * SEND_BATCH + 1)]
    for subscriber in ears:
        channel.join(subscriber)
        channel.joined(subscriber, 0)
    return ears


def send_all(channel: Channel) -> None:
    while channel.is_sending:
        gevent.sleep(0)


def test_many_listeners_hold_up_nobody_and_each_hears_in_order() -> None:
    channel = Channel()
    ears = subscribers(channel)
    for number in (1, 2, 3):
        channel.push(number, b"%d" % number)
    gevent.sleep(0)
    assert 0 < sum(len(subscriber.update) for subscriber in ears) < 3 * len(ears)
    send_all(channel)
    assert all(subscriber.update == [b"1", b"2", b"3"] for subscriber in ears)


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


def test_what_is_not_numbered_overtakes_nothing() -> None:
    channel = Channel()
    ears = subscribers(channel)
    channel.push(1, b"1")
    channel.push_unnumbered(b"online")
    send_all(channel)
    assert all(subscriber.update[-2:] == [b"1", b"online"] for subscriber in ears)


def test_who_leaves_while_a_frame_is_being_sent_hears_it_no_more() -> None:
    channel = Channel()
    *_, last = subscribers(channel)
    channel.push(1, b"1")
    gevent.sleep(0)
    channel.leave(last)
    send_all(channel)
    assert last.update == []
