"""When a backlog refuses bids, and the wait it returns."""

from app.domain.errors import BusyError
from app.protocol.fanout import Backlog
from app.protocol.topics import AUCTION_BID, CHAT_MESSAGE
from app.services.backlog import BACKLOG_TTL_S, LATE_FRAMES_MIN, LATE_S, RETRY_MAX_S, Admission
from app.web.retry import retry_after_ms
from lanes.topic import Topic


class GatewayLoad:
    """The backlog reports that a gateway receives, by a manual clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.admission = Admission(lambda: self.now)

    def report(self, fill: float, behind_s: float = 0.0, topic: Topic = AUCTION_BID) -> None:
        self.admission.update(Backlog(topic=topic.name, fill=fill, behind_s=behind_s))

    def refusal(self, topic: Topic = AUCTION_BID) -> BusyError | None:
        try:
            self.admission.check(topic)
        except BusyError as busy:
            return busy
        return None


def test_without_a_measurement_all_bids_are_accepted() -> None:
    load = GatewayLoad()
    assert load.refusal() is None
    load.report(2.0)
    assert load.refusal() is not None
    load.now += BACKLOG_TTL_S + 0.1
    assert load.refusal() is None


def test_one_topic_is_not_refused_for_another() -> None:
    load = GatewayLoad()
    load.report(2.0, topic=CHAT_MESSAGE)
    assert load.refusal(CHAT_MESSAGE) is not None
    assert load.refusal(AUCTION_BID) is None


def test_the_wait_grows_with_how_far_behind_it_is_within_reason() -> None:
    load = GatewayLoad()
    waits = []
    for behind_s in (0.0, 3.0, 7.5, 1_000.0):
        load.report(2.0, behind_s)
        refusal = load.refusal()
        assert refusal is not None
        waits.append(refusal.retry_after_s)
    assert waits == [1.0, 3.0, 7.5, RETRY_MAX_S]


def test_a_long_queue_whose_head_changes_is_moving() -> None:
    load = GatewayLoad()
    for second in range(60):
        load.now += 1
        load.report(0.5, behind_s=40 + second / 2)
    assert load.admission.quiet_s(AUCTION_BID) < 3


def test_a_queue_with_the_same_head_is_stuck_until_empty() -> None:
    load = GatewayLoad()
    for second in range(60):
        load.now += 1
        load.report(0.5, behind_s=second + 0.3)
    assert load.admission.quiet_s(AUCTION_BID) > 55
    load.report(0.0)
    assert load.admission.quiet_s(AUCTION_BID) == 0


def test_without_a_report_the_quiet_time_grows() -> None:
    load = GatewayLoad()
    load.report(0.0, topic=CHAT_MESSAGE)
    load.now += 31
    assert load.admission.quiet_s(AUCTION_BID) == 31
    load.report(0.0)
    load.now += 1
    assert load.admission.quiet_s(AUCTION_BID) == 1


def test_a_leader_whose_clock_is_behind_stops_nothing() -> None:
    load = GatewayLoad()
    for behind_s in [0.2] * 5 + [3_600.2] * 60:
        load.now += 1
        load.report(0.5, behind_s)
    assert load.admission.quiet_s(AUCTION_BID) < 3


def test_retry_times_are_spread() -> None:
    delays_ms = [retry_after_ms(BusyError(retry_after_s=4.0)) or 0 for _ in range(200)]
    assert 2_000 <= min(delays_ms) < max(delays_ms) <= 6_000
    assert len(set(delays_ms)) > 100


def test_short_delays_are_tolerated_and_overload_refuses() -> None:
    load = GatewayLoad()
    lateness = load.admission.lateness
    for waited_s in (0.5, 0.45, 0.4):  # a pause, and what came meanwhile
        lateness.update(waited_s, load.now)
        load.now += 0.02
        assert load.refusal() is None
    lateness.update(0.01, load.now)
    for _ in range(LATE_FRAMES_MIN):
        assert load.refusal() is None, "it is no crowd yet"
        load.now += LATE_S / 2
        lateness.update(2 * LATE_S, load.now)
    assert load.refusal() is not None
    assert load.refusal(CHAT_MESSAGE) is not None
    lateness.update(0.01, load.now)
    assert load.refusal() is None


def test_an_overload_lasts_while_no_frame_gets_its_turn() -> None:
    load = GatewayLoad()
    lateness = load.admission.lateness
    for _ in range(LATE_FRAMES_MIN):
        lateness.update_oldest(LATE_S / 2, load.now)
        load.now += LATE_S / 2
        assert load.refusal() is None, "none is late"
    for _ in range(LATE_FRAMES_MIN):
        load.now += LATE_S / 2
        lateness.update_oldest(2 * LATE_S, load.now)
    assert load.refusal() is not None
    lateness.update_oldest(0.0, load.now)
    assert load.refusal() is not None, "only what has its turn in time ends it"


def test_an_overload_ends_without_a_frame_in_time() -> None:
    load = GatewayLoad()
    for _ in range(LATE_FRAMES_MIN):
        load.now += LATE_S / 2
        load.admission.lateness.update(2 * LATE_S, load.now)
    load.now += 2 * LATE_S
    assert load.refusal() is None


def test_a_pipeline_is_stuck_as_long_as_a_bridge_says_so() -> None:
    load = GatewayLoad()
    load.admission.update(Backlog(AUCTION_BID.name, 0.0, 0.0, stuck=("relay",)))
    load.report(0.0)  # of another bridge
    assert load.admission.stuck_pipelines() == ["relay"]
    load.now += BACKLOG_TTL_S + 0.1
    assert load.admission.stuck_pipelines() == []
