"""The port Claims: when a claim is found again, and what it counts."""

from lanes.dead_letter import Parking
from lanes.ports import FoundClaim
from tests.contract.conftest import Ports
from tests.contract.records import TOPIC

PARKING = Parking("TooManyDeadLetters", "why")


def write(ports: Ports, **ranges: tuple[int, int]) -> set[str]:
    with ports.begin() as transaction:
        return ports.claims.write(transaction, topic=TOPIC, ranges=ranges)


def write_again(ports: Ports, first: int, last: int, key: str = "a") -> FoundClaim:
    with ports.begin() as transaction:
        return ports.claims.write_again(transaction, topic=TOPIC, key=key, first=first, last=last)


def clear(ports: Ports, **ends: int) -> None:
    with ports.begin() as transaction:
        ports.claims.clear(transaction, topic=TOPIC, ends=ends)


def release(ports: Ports, **firsts: int) -> None:
    with ports.begin() as transaction:
        lanes = {(TOPIC, key): first for key, first in firsts.items()}
        ports.claims.release(transaction, lanes)


def test_only_lanes_without_a_claim_are_claimed_together(ports: Ports) -> None:
    assert write(ports, a=(1, 5), b=(2, 9)) == {"a", "b"}
    assert write(ports, b=(2, 9), c=(3, 3)) == {"c"}
    clear(ports, a=4, b=9)
    assert write(ports, a=(1, 5), b=(10, 12)) == {"b"}


def test_a_lane_is_isolated_up_to_its_last_record_after_a_crash(ports: Ports) -> None:
    write(ports, a=(1, 5))
    assert write_again(ports, 1, 8) == FoundClaim(0, is_isolated=True)
    clear(ports, a=1)
    assert write_again(ports, 2, 8) == FoundClaim(0, is_isolated=True)
    clear(ports, a=2)
    assert write_again(ports, 5, 8) == FoundClaim(0, is_isolated=True)
    clear(ports, a=5)
    assert write_again(ports, 6, 8) == FoundClaim(0, is_isolated=False)


def test_records_beyond_the_isolated_ones_get_a_new_claim(ports: Ports) -> None:
    write(ports, a=(1, 5))
    write_again(ports, 1, 5)
    assert write_again(ports, 6, 8) == FoundClaim(0, is_isolated=False)
    assert write_again(ports, 6, 8) == FoundClaim(0, is_isolated=True)


def test_each_worker_that_a_record_kills_alone_is_counted(ports: Ports) -> None:
    write(ports, a=(1, 5))
    crashes = [write_again(ports, 1, 5).crashes for _ in range(4)]
    assert crashes == [0, 1, 2, 3]
    assert write_again(ports, 2, 5) == FoundClaim(0, is_isolated=True)


def test_a_record_that_came_alone_is_counted_from_the_first(ports: Ports) -> None:
    assert write_again(ports, 7, 7) == FoundClaim(0, is_isolated=True)
    assert write_again(ports, 7, 9) == FoundClaim(1, is_isolated=True)


def test_a_released_claim_counts_no_crash(ports: Ports) -> None:
    write(ports, a=(1, 5), b=(1, 5))
    release(ports, a=1, b=2)
    assert write_again(ports, 1, 5) == FoundClaim(0, is_isolated=False)
    assert write_again(ports, 1, 5, key="b") == FoundClaim(0, is_isolated=True)


def test_an_isolated_lane_keeps_its_count_after_a_release(ports: Ports) -> None:
    write(ports, a=(1, 5))
    assert [write_again(ports, 1, 5).crashes for _ in range(2)] == [0, 1]
    release(ports, a=1)
    assert write_again(ports, 1, 5) == FoundClaim(1, is_isolated=True)
    assert write_again(ports, 1, 5) == FoundClaim(2, is_isolated=True)


def test_a_lane_that_is_unparked_begins_without_a_claim(ports: Ports) -> None:
    write(ports, a=(1, 5), b=(1, 5))
    with ports.begin() as transaction:
        ports.lanes.park(transaction, topic=TOPIC, key="a", parking=PARKING)
    assert ports.parked.unpark(TOPIC, "a")
    assert write(ports, a=(1, 5), b=(1, 5)) == {"a"}
