"""The services of the commands of operators."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from sqlalchemy import Connection

from app.adapters.journals.files import read_journal
from app.adapters.postgres.auction_audit import PostgresAuctionRows
from app.adapters.postgres.outcomes import PostgresOutcomes
from app.adapters.redis.tail import RedisRoomTail
from app.adapters.scratch.sqlite import SqliteScratch
from app.bootstrap.dead_letters import DeadLetterContainer
from app.bootstrap.wake import WakeContainer
from app.protocol.topics import AUCTION_BID
from app.services.auditing.auctions import AuctionAudit
from app.services.auditing.chat import ChatAudit, ChatSources
from app.services.auditing.events import EventAudit
from app.services.auditing.journal_audit import JournalAudit, NoJournal
from app.settings import Settings
from lanes import LaneTopic, Parked
from lanes.audit import Audit
from lanes.audit.run import AuditSources
from lanes.kafka.lags import KafkaLags
from lanes.kafka.reader import KafkaLogReader
from lanes.postgres.audit_rows import PostgresLaneRows, snapshot
from lanes.postgres.parked import PostgresParkedStore


class OperatorContainer(DeadLetterContainer, WakeContainer):
    """The audit, dead letters and parked lanes."""

    @cached_property
    def lane_topics(self) -> dict[str, LaneTopic[Connection]]:
        """The topics whose records are settled per key, with their audits."""
        topics = super().lane_topics
        audit = partial(AuctionAudit, self.auction_rows)
        return {**topics, AUCTION_BID.name: replace(topics[AUCTION_BID.name], audit=audit)}

    @cached_property
    def log_reader(self) -> KafkaLogReader:
        """The reader of topics, for an audit."""
        return KafkaLogReader(self.settings.kafka, name=self.application)

    @cached_property
    def auction_rows(self) -> PostgresAuctionRows:
        """The stored rows of auctions, for an audit."""
        return PostgresAuctionRows(self.engine)

    @cached_property
    def audit_sources(self) -> AuditSources[Connection]:
        """What an audit reads."""
        timeout_ms = self.settings.limits.audit_timeout_ms
        return AuditSources(
            lanes=list(self.lane_topics.values()),
            log=self.log_reader,
            rows=PostgresLaneRows(),
            snapshot=partial(snapshot, self.engine, timeout_ms=timeout_ms),
        )

    def make_audits(self, journals: Sequence[Path]) -> list[Audit[Connection]]:
        """The audits of one run beside those of the lanes."""
        chat = ChatSources(
            log=self.log_reader,
            rooms=self.auction_rows,
            dead_letters=PostgresLaneRows(),
            store=self.messages,
            tail=RedisRoomTail(self.fanout),
            scratch=SqliteScratch(),
        )
        events = EventAudit(self.log_reader, self.auction_rows, PostgresLaneRows())
        files = [partial(read_journal, path) for path in journals]
        decided = PostgresOutcomes(self.engine).decided_ever
        journal_audit = JournalAudit(files, decided, chat) if files else NoJournal()
        return [events, ChatAudit(chat), journal_audit]

    @cached_property
    def parked(self) -> Parked[Connection]:
        """Parked lanes and partitions."""
        return Parked(
            PostgresParkedStore(self.begin),
            self.lanes,
            KafkaLags(self.settings.kafka, name=self.application),
            self.waker,
            begin=self.begin,
            topics=self.lane_topics,
        )


def build_operator_container(settings: Settings) -> OperatorContainer:
    """The services of a command; connects to nothing yet."""
    return OperatorContainer(settings, application="operator")
