"""Faults that the house must survive while they last: another broker or database takes over.

Work has to resume before the cause is gone. What is broken is then mended, and whoever comes back
follows the new leader.
"""

import signal
from collections.abc import Callable

import httpx
import psycopg2

from stack.campaign.brokers import all_in_sync, leader, leads
from stack.campaign.clock import clock_variables
from stack.campaign.environment import Environment
from stack.campaign.faults.fault import Action, Fault, no_action
from stack.campaign.process_tree import process_tree
from stack.campaign.proxies import BLACK_HOLE
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
        _broker_fault("kafka-leader-stop", _freeze, _unfreeze, times=2, check=_check_degraded),
        _broker_fault(
            "kafka-leader-cut-from-brokers", _isolate_from_brokers, _reconnect_brokers, times=2
        ),
        _broker_fault("kafka-leader-cut-off", _isolate, _reconnect, times=2),
        _new_leader_an_hour_behind(),
        _database_fault("postgresql-primary-kill", _kill_primary, times=3),
        _database_fault("postgresql-primary-unreachable", _cut_off_primary, times=1),
    ]


def _broker_fault(
    name: str,
    break_it: Callable[[Environment, Kafka], None],
    repair: Callable[[Environment, Kafka], None],
    *,
    times: int,
    check: Action = no_action,
) -> Fault:
    """A fault of the broker that leads most partitions of bids."""
    hit: list[Kafka] = []

    def inject(environment: Environment) -> None:
        hit[:] = [environment.broker(leader(environment))]
        break_it(environment, hit[0])

    def heal(environment: Environment) -> None:
        repair(environment, hit[0])
        wait_in_sync(environment)

    return Fault(
        name,
        ("kafka",),
        inject=inject,
        check=check,
        heal=heal,
        hold_s=LASTS_S,
        times=times,
        must_survive=True,
    )


def _check_degraded(environment: Environment) -> None:
    """`/readyz` must go on taking bids, and say that a broker is away."""
    environment.control.wait_for(lambda: _is_degraded(environment), name="gateway")


def _is_degraded(environment: Environment) -> bool:
    answer = httpx.get(f"{environment.endpoint.base_url}/readyz", timeout=ANSWER_S)
    return answer.is_success and "brokers away" in answer.json()["dependencies"]["kafka"]


def wait_in_sync(environment: Environment) -> None:
    """Wait until each broker serves and has everything."""
    for broker in environment.stack.brokers():
        environment.control.wait_for(broker.is_ready, name=broker.name)
    environment.control.wait_for(
        lambda: all_in_sync(environment), name=environment.stack.brokers()[0].name
    )


def _kill(environment: Environment, broker: Kafka) -> None:
    """It stays away, as its machine would."""
    environment.control.kill_for_good(broker.name)


def _start(environment: Environment, broker: Kafka) -> None:
    environment.control.start(broker.name, wait=False)


def _freeze(environment: Environment, broker: Kafka) -> None:
    environment.signal(broker.name, signal.SIGSTOP)


def _unfreeze(environment: Environment, broker: Kafka) -> None:
    environment.signal(broker.name, signal.SIGCONT)


def _isolate_from_brokers(environment: Environment, broker: Kafka) -> None:
    for link in environment.proxies.links_of_broker(broker.number):
        environment.proxies.add_toxic(link, BLACK_HOLE)


def _reconnect_brokers(environment: Environment, broker: Kafka) -> None:
    for link in environment.proxies.links_of_broker(broker.number):
        environment.proxies.remove_toxic(link, BLACK_HOLE)


def _isolate(environment: Environment, broker: Kafka) -> None:
    """From clients, too."""
    environment.proxies.add_toxic(broker.name, BLACK_HOLE)
    _isolate_from_brokers(environment, broker)


def _reconnect(environment: Environment, broker: Kafka) -> None:
    environment.proxies.remove_toxic(broker.name, BLACK_HOLE)
    _reconnect_brokers(environment, broker)


def _new_leader_an_hour_behind() -> Fault:
    """The leader dies while the clock of another is an hour behind, which leads then."""
    lost: list[Kafka] = []
    behind: list[Kafka] = []

    def prepare(environment: Environment) -> None:
        lost[:] = [environment.broker(leader(environment))]
        behind[:] = [broker for broker in environment.stack.brokers() if broker not in lost][:1]
        environment.run_broker(behind[0], **clock_variables(-HOUR_S))
        wait_in_sync(environment)

    def inject(environment: Environment) -> None:
        _kill(environment, lost[0])
        environment.control.wait_for(
            lambda: leads(environment, behind[0].number), name=behind[0].name
        )

    def heal(environment: Environment) -> None:
        _start(environment, lost[0])
        wait_in_sync(environment)
        environment.run_broker(behind[0])
        wait_in_sync(environment)

    return Fault(
        "kafka-new-leader-hour-behind",
        ("kafka",),
        prepare=prepare,
        inject=inject,
        heal=heal,
        hold_s=LASTS_S,
        must_survive=True,
    )


def _database_fault(
    name: str, break_it: Callable[[Environment, PostgreSQL], None], *, times: int
) -> Fault:
    """The primary is lost, and its standby takes its place; the one lost comes back as a standby.

    Here the campaign does what Patroni or a managed service does in production, in this order:
    it makes sure that the old primary is dead, fences it, and promotes the standby.
    """
    pair: list[PostgreSQL] = []

    def inject(environment: Environment) -> None:
        pair[:] = sorted(environment.stack.postgresql(), key=lambda server: server.is_standby)
        old, new = pair
        break_it(environment, old)
        old.fence()
        new.promote()

    def heal(environment: Environment) -> None:
        old, new = pair
        environment.proxies.remove_all_toxics(old.name)
        _check_fenced(environment, old)
        environment.control.stop(old.name)
        old.copy_from(new)
        _start_database(environment, old)
        old.complete()

    return Fault(
        name,
        ("postgresql",),
        inject=inject,
        heal=heal,
        hold_s=LASTS_S,
        times=times,
        must_survive=True,
    )


def _kill_primary(environment: Environment, primary: PostgreSQL) -> None:
    pid = environment.control.pid(primary.name)
    environment.control.kill_for_good(primary.name, process_tree(pid))


def _cut_off_primary(environment: Environment, primary: PostgreSQL) -> None:
    """Who connects is not refused, as by a dead process, but waits, as for a dead machine."""
    _kill_primary(environment, primary)
    environment.proxies.add_toxic(primary.name, BLACK_HOLE)


def _check_fenced(environment: Environment, old: PostgreSQL) -> None:
    """Start the old primary as it died: it must take no write."""
    _start_database(environment, old)
    try:
        environment.sql("CREATE TABLE unfenced ()", host=old.host)
    except psycopg2.Error as refusal:
        if refusal.pgcode == READ_ONLY:
            return
        raise
    raise StackFault(f"{old.name} came back and was written to")


def _start_database(environment: Environment, server: PostgreSQL) -> None:
    server.prepare()
    environment.control.start(server.name)
    environment.control.wait_for(server.is_ready, name=server.name)
