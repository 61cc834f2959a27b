"""Faults that the house must outlive while they last: another broker, another database takes over.

Work has to resume before the cause is gone. What is broken is then mended, and whoever comes back
follows the new leader.
"""

import signal
from collections.abc import Callable

import httpx
import psycopg2

from stack.campaign.brokers import all_in_sync, leader, leads
from stack.campaign.clock import shifted
from stack.campaign.faults.fault import Deed, Fault, nothing
from stack.campaign.ground import Ground
from stack.campaign.proxies import BLACK_HOLE
from stack.campaign.tree import tree_of
from stack.faults import StackFault
from stack.servers.kafka import Kafka
from stack.servers.postgresql import PostgreSQL

LASTS_S = 5.0  # after work has resumed
HOUR_S = 3_600
ANSWER_S = 5.0
READ_ONLY = "25006"  # SQLSTATE of a write to a standby


def failover_faults() -> list[Fault]:
    """Of Kafka's brokers, then of PostgreSQL."""
    return [
        _broker_fault("kafka-leader-kill", _kill, _start, times=3, check=_check_degraded),
        _broker_fault("kafka-leader-stop", _freeze, _thaw, times=2, check=_check_degraded),
        _broker_fault("kafka-leader-cut-from-brokers", _cut_from_brokers, _join_brokers, times=2),
        _broker_fault("kafka-leader-cut-off", _cut_off, _join, times=2),
        _new_leader_an_hour_behind(),
        _database_fault("postgresql-primary-kill", _kill_primary, times=3),
        _database_fault("postgresql-primary-unreachable", _cut_off_primary, times=1),
    ]


def _broker_fault(
    name: str,
    strike: Callable[[Ground, Kafka], None],
    mend: Callable[[Ground, Kafka], None],
    *,
    times: int,
    check: Deed = nothing,
) -> Fault:
    """Something befalls the broker that leads most partitions of bids."""
    struck: list[Kafka] = []

    def inject(ground: Ground) -> None:
        struck[:] = [ground.broker(leader(ground))]
        strike(ground, struck[0])

    def heal(ground: Ground) -> None:
        mend(ground, struck[0])
        wait_in_sync(ground)

    return Fault(
        name,
        ("kafka",),
        inject=inject,
        check=check,
        heal=heal,
        hold_s=LASTS_S,
        times=times,
        outlived=True,
    )


def _check_degraded(ground: Ground) -> None:
    """`/readyz` must go on taking bids, and say that a broker is away."""
    ground.control.wait_for(lambda: _is_degraded(ground), name="gateway")


def _is_degraded(ground: Ground) -> bool:
    answer = httpx.get(f"{ground.door.base_url}/readyz", timeout=ANSWER_S)
    return answer.is_success and "brokers away" in answer.json()["dependencies"]["kafka"]


def wait_in_sync(ground: Ground) -> None:
    """Wait until each broker serves and has everything."""
    for broker in ground.stack.brokers():
        ground.control.wait_for(broker.is_ready, name=broker.name)
    ground.control.wait_for(lambda: all_in_sync(ground), name=ground.stack.brokers()[0].name)


def _kill(ground: Ground, broker: Kafka) -> None:
    """It stays away, as its machine would."""
    ground.control.kill_for_good(broker.name)


def _start(ground: Ground, broker: Kafka) -> None:
    ground.control.start(broker.name, wait=False)


def _freeze(ground: Ground, broker: Kafka) -> None:
    ground.signal(broker.name, signal.SIGSTOP)


def _thaw(ground: Ground, broker: Kafka) -> None:
    ground.signal(broker.name, signal.SIGCONT)


def _cut_from_brokers(ground: Ground, broker: Kafka) -> None:
    for link in ground.proxies.links_of_broker(broker.number):
        ground.proxies.poison(link, BLACK_HOLE)


def _join_brokers(ground: Ground, broker: Kafka) -> None:
    for link in ground.proxies.links_of_broker(broker.number):
        ground.proxies.cure(link, BLACK_HOLE)


def _cut_off(ground: Ground, broker: Kafka) -> None:
    """From clients, too."""
    ground.proxies.poison(broker.name, BLACK_HOLE)
    _cut_from_brokers(ground, broker)


def _join(ground: Ground, broker: Kafka) -> None:
    ground.proxies.cure(broker.name, BLACK_HOLE)
    _join_brokers(ground, broker)


def _new_leader_an_hour_behind() -> Fault:
    """The leader dies while the clock of another is an hour behind, which leads then."""
    lost: list[Kafka] = []
    behind: list[Kafka] = []

    def prepare(ground: Ground) -> None:
        lost[:] = [ground.broker(leader(ground))]
        behind[:] = [broker for broker in ground.stack.brokers() if broker not in lost][:1]
        ground.run_broker(behind[0], **shifted(ground.shim, -HOUR_S))
        wait_in_sync(ground)

    def inject(ground: Ground) -> None:
        _kill(ground, lost[0])
        ground.control.wait_for(lambda: leads(ground, behind[0].number), name=behind[0].name)

    def heal(ground: Ground) -> None:
        _start(ground, lost[0])
        wait_in_sync(ground)
        ground.run_broker(behind[0])
        wait_in_sync(ground)

    return Fault(
        "kafka-new-leader-hour-behind",
        ("kafka",),
        prepare=prepare,
        inject=inject,
        heal=heal,
        hold_s=LASTS_S,
        outlived=True,
    )


def _database_fault(
    name: str, strike: Callable[[Ground, PostgreSQL], None], *, times: int
) -> Fault:
    """The primary is lost, and its standby takes its place; the one lost comes back as a standby.

    Here the campaign does what Patroni or a managed service does in production, in this order:
    it makes sure that the old primary is dead, fences it, and promotes the standby.
    """
    pair: list[PostgreSQL] = []

    def inject(ground: Ground) -> None:
        pair[:] = sorted(ground.stack.postgresql(), key=lambda server: server.is_standby)
        old, new = pair
        strike(ground, old)
        old.fence()
        new.promote()

    def heal(ground: Ground) -> None:
        old, new = pair
        ground.proxies.cure_all(old.name)
        _check_fenced(ground, old)
        ground.control.stop(old.name)
        old.copy_from(new)
        _start_database(ground, old)
        old.complete()

    return Fault(
        name, ("postgresql",), inject=inject, heal=heal, hold_s=LASTS_S, times=times, outlived=True
    )


def _kill_primary(ground: Ground, primary: PostgreSQL) -> None:
    pid = ground.control.pid(primary.name)
    ground.control.kill_for_good(primary.name, tree_of(pid))


def _cut_off_primary(ground: Ground, primary: PostgreSQL) -> None:
    """Who connects is not refused, as by a dead process, but waits, as for a dead machine."""
    _kill_primary(ground, primary)
    ground.proxies.poison(primary.name, BLACK_HOLE)


def _check_fenced(ground: Ground, old: PostgreSQL) -> None:
    """Start the old primary as it died: it must take no write."""
    _start_database(ground, old)
    try:
        ground.sql("CREATE TABLE unfenced ()", host=old.host)
    except psycopg2.Error as refusal:
        if refusal.pgcode == READ_ONLY:
            return
        raise
    raise StackFault(f"{old.name} came back and was written to")


def _start_database(ground: Ground, server: PostgreSQL) -> None:
    server.prepare()
    ground.control.start(server.name)
    ground.control.wait_for(server.is_ready, name=server.name)
