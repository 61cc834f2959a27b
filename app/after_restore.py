"""`python -m app.admin after-restore` opens the house again after its database was restored.

Stop gateways, bridge and workers first. It lists the users and auctions that the log knows and the
database has lost, ends all sessions, raises every sequence of ids past all that were given out, and
begins a new epoch. `--dry-run` only lists. It may be given again at any time; docs/backup.md.
"""

from collections.abc import Iterable
from datetime import datetime

from app.adapters.postgres.engine import make_engine
from app.adapters.postgres.epochs import guard_connections
from app.adapters.postgres.queries import rows
from app.adapters.postgres.restoring import PostgresRestored
from app.adapters.redis.sessions import end_all_sessions, session_user_ids
from app.bootstrap.admin import build_admin_container
from app.bootstrap.house import HouseContainer
from app.domain.errors import ConflictError
from app.domain.time import rfc3339
from app.observability.security_log import SecurityEvent, log_security, operator
from app.protocol.topics import AUCTION_BID, AUCTION_EVENT
from app.services.epochs import DatabaseGuard, OlderDatabaseError
from app.services.restoring import Lost, Plan, find_lost, make_plan
from app.settings import Settings
from lanes.kafka.offsets import GroupOffsets
from lanes.kafka.reader import KafkaLogReader


def after_restore(settings: Settings, *, dry_run: bool) -> None:
    """Raise DomainError, before anything was changed, when it cannot be done now."""
    reason = older_because(settings)
    if reason is None:
        print("the database is not older than the log: there is nothing to do")
        return
    print(reason.partition("; ")[0])
    container = build_admin_container(settings)
    database = PostgresRestored(container.engine)
    _refuse_other_connections(settings, container, database)
    plan = _make_plan(settings, container, database)
    _print_plan(plan)
    if dry_run:
        print("nothing was changed: this was a dry run")
        return
    # In this order, so that a failure leaves the database refused and the command repeatable.
    log_security(SecurityEvent.ADMIN_COMMAND, by=operator(), command="after-restore")
    ended = end_all_sessions(container.auth_redis)
    name = database.begin_epoch(plan)
    _move_offsets(settings, container, database)
    print(
        f"{ended} sessions were ended, epoch {name} has begun: start bridge, workers and gateways"
    )


def older_because(settings: Settings) -> str | None:
    """Return why the database is older than Kafka; None when it is not. Raise BusyError."""
    container = build_admin_container(settings)
    guard = DatabaseGuard(container.freshness_checks, trusts_others=False)
    engine = make_engine(
        settings.database_url, application=container.application, limits=settings.limits
    )
    guard_connections(engine, lambda: guard)
    try:
        rows(engine, "SELECT 1", {})
    except OlderDatabaseError as error:
        return str(error)
    finally:
        engine.dispose()
    return None


def _refuse_other_connections(
    settings: Settings, container: HouseContainer, database: PostgresRestored
) -> None:
    offsets = GroupOffsets(settings.kafka)
    for lane in container.lane_topics.values():
        if offsets.members(lane.group):
            raise ConflictError("INVALID", f"group {lane.group} has members: stop the bridge first")
    if other_connections := database.other_connections():
        raise ConflictError(
            "INVALID", f"still connected: {', '.join(other_connections)}: stop them first"
        )


def _make_plan(settings: Settings, container: HouseContainer, database: PostgresRestored) -> Plan:
    existing, sequences = database.existing(), database.sequences()
    log = KafkaLogReader(settings.kafka, name=container.application)
    try:
        published = {partition: end for partition, (_, end) in log.bounds(AUCTION_EVENT).items()}
        lost = find_lost(
            log,
            existing,
            progress=database.progress(AUCTION_BID.name),
            session_user_ids=session_user_ids(container.auth_redis),
            ids_max=max(sequences.values(), default=0) + settings.limits.restore_ids_ahead_max,
        )
    finally:
        log.close()
    return make_plan(
        lost, existing, sequences=sequences, published=published, limits=settings.limits
    )


def _move_offsets(
    settings: Settings, container: HouseContainer, database: PostgresRestored
) -> None:
    """Ingest goes on from progress; what Kafka has committed mirrors it (I12)."""
    offsets = GroupOffsets(settings.kafka)
    for lane in container.lane_topics.values():
        progress = database.progress(lane.topic.name)
        next_offsets = {
            partition: progress.get(partition, 0) for partition in range(lane.topic.partitions)
        }
        offsets.move(lane.group, lane.topic, next_offsets)


def _print_plan(plan: Plan) -> None:
    lost = plan.lost
    print(f"records of {AUCTION_BID.name} that will be taken in again: {lost.records_to_ingest}")
    print(f"auctions whose published state is newer than their row: {len(lost.versions)}")
    _print_table(
        f"users that are gone: {len(lost.users)}",
        (
            (number, f"{user.records} records", _at(user.last_at), user.nickname)
            for number, user in sorted(lost.users.items())
        ),
    )
    _print_table(
        f"auctions that are gone: {len(lost.auctions)}",
        (
            (number, f"{one.records} records", _at(one.last_at), *_state(one.status, one.price))
            for number, one in sorted(lost.auctions.items())
        ),
    )
    print(f"rooms that are gone: {_numbers(lost)}")
    print("ids go on after: " + ", ".join(f"{k} {v}" for k, v in sorted(plan.sequences.items())))


def _print_table(title: str, lines: Iterable[tuple[object, ...]]) -> None:
    print(title)
    for line in lines:
        print("  " + "  ".join(str(cell) for cell in line).rstrip())


def _state(status: str, price: int | None) -> tuple[str, str]:
    return status, "" if price is None else f"at {price}"


def _at(moment: datetime | None) -> str:
    return "-" if moment is None else rfc3339(moment)


def _numbers(lost: Lost) -> str:
    return ", ".join(str(number) for number in sorted(lost.rooms)) or "none"
