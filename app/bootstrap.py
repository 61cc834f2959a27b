"""The composition root: the one place where adapters are picked and services get their ports.

Everything is built on first use, so that each process connects to no more than it needs, and
never before its fork.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from celery import Celery
from redis import Redis
from sqlalchemy import Engine

from app.adapters.journals.files import read_journal
from app.adapters.kafka.backlog import GroupBacklog
from app.adapters.kafka.lags import KafkaLags
from app.adapters.kafka.memory import KafkaMemory
from app.adapters.kafka.producer import BackgroundProducer
from app.adapters.kafka.reader import KafkaLogReader
from app.adapters.mongo.messages import MongoMessages, make_client, make_guarded_client
from app.adapters.oauth.providers import make_providers
from app.adapters.passwords.argon2 import Argon2Passwords, Offload
from app.adapters.postgres.accounts import PostgresUsers
from app.adapters.postgres.archive import PostgresArchive
from app.adapters.postgres.auction_audit import PostgresAuctionRows
from app.adapters.postgres.auctions import PostgresAuctions
from app.adapters.postgres.auditing import PostgresLaneRows
from app.adapters.postgres.backlog import LaneBacklog
from app.adapters.postgres.burials import PostgresDeadLetters
from app.adapters.postgres.catalogue import PostgresProducts
from app.adapters.postgres.dead_letters import PostgresKeptDeadLetters, PostgresReplayStore
from app.adapters.postgres.due import PostgresDueStore
from app.adapters.postgres.engine import make_engine, make_guarded_engine, make_guest_engine
from app.adapters.postgres.epochs import guard_connections
from app.adapters.postgres.erasing import PostgresErasing
from app.adapters.postgres.identities import PostgresIdentities
from app.adapters.postgres.lanes import PostgresIntake, PostgresLanes
from app.adapters.postgres.live import PostgresLive
from app.adapters.postgres.mail_tokens import PostgresMails
from app.adapters.postgres.nicknames import PostgresNicknames
from app.adapters.postgres.notices import PostgresNotices
from app.adapters.postgres.outcomes import PostgresOutcomes
from app.adapters.postgres.parked import PostgresParkedStore
from app.adapters.postgres.purging import OldNotices, ReplayedDeadLetters
from app.adapters.postgres.queries import rows, transaction
from app.adapters.postgres.rights import PostgresRights
from app.adapters.postgres.rooms import PostgresRooms
from app.adapters.postgres.settling import PostgresAuctionStore
from app.adapters.postgres.transactions import transactions
from app.adapters.precis.profiles import PrecisProfiles
from app.adapters.redis.bookmark import RedisBookmark
from app.adapters.redis.connect import connect, connect_guarded
from app.adapters.redis.login_tries import RedisTryCounter
from app.adapters.redis.presence import RedisPresence
from app.adapters.redis.rates import RedisRates
from app.adapters.redis.rights import RedisRights
from app.adapters.redis.sessions import RedisSessions, last_signed_in
from app.adapters.redis.tail import RedisRoomTail
from app.adapters.redis.used_states import RedisUsedStates
from app.adapters.scratch.sqlite import SqliteScratch
from app.adapters.smtp.server import SmtpServer
from app.adapters.tasks.application import make_celery
from app.adapters.tasks.waker import CeleryWaker
from app.domain.errors import BusyError, OlderDatabaseError
from app.observability import metrics
from app.protocol.topics import (
    ALL_TOPICS,
    AUCTION_BID,
    AUCTION_EVENT,
    CHAT_MESSAGE,
    DEAD_LETTER_SUFFIX,
    INGEST_GROUP,
    LIVE_TOPICS,
    SAVE_GROUP,
    Topic,
)
from app.services import settling
from app.services.accounts import AccessTokens, Accounts, Passwords
from app.services.administration import Administration
from app.services.auctions import AuctionHouse
from app.services.auditing.auctions import AuctionAudit
from app.services.auditing.chat import ChatAudit, ChatSources
from app.services.auditing.events import EventAudit
from app.services.auditing.ports import Audit
from app.services.auditing.told import JournalAudit, NoJournal
from app.services.backlog import Admission, AdmittingLog, BacklogSource
from app.services.bidding import Bidding
from app.services.breaker import Breaker
from app.services.burials import DeathRates
from app.services.catalogue import Catalogue
from app.services.chat import Chat
from app.services.dead_letters import DeadLetterList
from app.services.due import DueRecords
from app.services.email_change import EmailChanges
from app.services.epochs import (
    DatabaseGuard,
    Sign,
    committed_ahead,
    published_ahead,
    signed_in_ahead,
)
from app.services.erasing import Erasure
from app.services.futile_bids import FutileBids
from app.services.granting import BidLimits, Blocks
from app.services.housekeeping import Chore, Housekeeping
from app.services.lanes import Begin, LaneTopic
from app.services.login_backoff import LoginBackoff
from app.services.mails import Mails
from app.services.nicknames import Nicknames
from app.services.notices import NoticeList
from app.services.old_chat import OldChat
from app.services.parking import Parked
from app.services.password_change import PasswordChanges
from app.services.profiles import Profiles
from app.services.reauthentication import Reauthentication
from app.services.recovery import Recovery
from app.services.replaying import Replaying
from app.services.rights import RightsToBid, everybodys_limits
from app.services.rooms import RoomService
from app.services.sessions import UserSessions
from app.services.snapshots import Snapshots
from app.services.social import SocialLogIn
from app.services.waking import SETTLE_QUEUE
from app.settings import Settings


def utc_now() -> datetime:
    """The wall clock, for everything that does not decide."""
    return datetime.now(UTC)


class Container:
    """All services of one process; `application` names it to the servers it connects to."""

    def __init__(self, settings: Settings, *, application: str) -> None:
        self.settings = settings
        self.application = application
        self._is_guarded, self._asks_log = False, True

    def guard_database(self, *, asks_log: bool = True) -> None:
        """From now on use no database that is older than the log; before anything connects.

        Without `asks_log` one is used that others have admitted.
        """
        self._is_guarded, self._asks_log = True, asks_log

    @cached_property
    def guard(self) -> DatabaseGuard:
        """What admits the database."""
        if not self._is_guarded:
            return DatabaseGuard(None)
        return DatabaseGuard(self.signs if self._asks_log else ())

    @cached_property
    def signs(self) -> list[Sign]:
        """By what a database that is older than the log is known."""
        memory = KafkaMemory(self.settings, name=f"{self.application}-guard")
        signs = [
            committed_ahead(memory, group=lane.group, topic=lane.topic)
            for lane in self.lane_topics.values()
        ]
        if AUCTION_EVENT in self.topics:
            signs.append(published_ahead(memory))
            signs.append(signed_in_ahead(lambda epoch: last_signed_in(self.auth_redis, epoch)))
        return signs

    def epoch(self) -> str:
        """The name of the database's epoch. Raises BusyError while it is not known."""
        try:
            return self.guard.epoch.name
        except OlderDatabaseError:
            raise
        except BusyError:
            self.look_at_database()
            return self.guard.epoch.name

    def look_at_database(self) -> None:
        """Connect, which looks at a database that is not known yet. Raises BusyError."""
        rows(self.engine, "SELECT 1", {})

    @cached_property
    def engine(self) -> Engine:
        """PostgreSQL."""
        engine = make_engine(
            self.settings.database_url, application=self.application, limits=self.settings.limits
        )
        guard_connections(engine, lambda: self.guard)
        return engine

    @property
    def chat_engine(self) -> Engine:
        """PostgreSQL, for rooms."""
        return self.engine

    @cached_property
    def guest_engine(self) -> Engine:
        """PostgreSQL, as far as guests may use it."""
        engine = make_guest_engine(
            self.settings.database_url, application=self.application, limits=self.settings.limits
        )
        guard_connections(engine, lambda: self.guard)
        return engine

    @cached_property
    def begin(self) -> Begin:
        """Begins a transaction of the platform."""
        return transactions(self.engine)

    intake = PostgresIntake()
    lanes = PostgresLanes()
    dead_letters = PostgresDeadLetters()

    @cached_property
    def death_rates(self) -> DeathRates:
        """How many records may be given up."""
        limits = self.settings.limits
        return DeathRates(
            per_lane=limits.dead_letters_per_lane_max,
            per_partition=limits.dead_letters_per_partition_max,
            window_s=limits.dead_letter_window_s,
        )

    @cached_property
    def fanout(self) -> Redis:
        """Redis for pub/sub, flags and presence."""
        return connect(self.settings.redis_fanout_url, limits=self.settings.limits)

    @property
    def is_fanout_away(self) -> bool:
        """Whether Redis is known not to answer, through which outcomes would come."""
        return False

    @cached_property
    def celery(self) -> Celery:
        """The Celery application, to send tasks with."""
        return make_celery(self.settings)

    @cached_property
    def waker(self) -> CeleryWaker:
        """Wake-ups."""
        broker = connect(self.settings.redis_broker_url, limits=self.settings.limits)
        queues = {name: lane.queue for name, lane in self.lane_topics.items()}
        return CeleryWaker(self.celery, self.fanout, broker, queues=queues)

    @cached_property
    def lane_topics(self) -> dict[str, LaneTopic]:
        """Every topic whose records are settled per key."""
        bids = LaneTopic(
            topic=AUCTION_BID,
            group=INGEST_GROUP,
            queue=SETTLE_QUEUE,
            check=partial(settling.check_known, gone=lambda: self.guard.gone),
            identify=settling.identify,
            handler=settling.AuctionLane(PostgresAuctionStore(), self._tell),
            audit=partial(AuctionAudit, self.auction_rows),
        )
        return {bids.topic.name: bids}

    def _tell(self) -> None:
        # The waker needs the lane topics' queues: it cannot be made while they are.
        self.waker.tell()

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic there must be."""
        return ALL_TOPICS

    def lane_backlog(self, topic: Topic) -> BacklogSource:
        """How far behind the settling of a topic is."""
        return LaneBacklog(topic, engine=self.engine, limits=self.settings.limits)

    def backlogs(self) -> list[BacklogSource]:
        """How far behind the work on each topic is that gateways put records into."""
        lanes = [self.lane_backlog(lane.topic) for lane in self.lane_topics.values()]
        return [*lanes, GroupBacklog(CHAT_MESSAGE, group=SAVE_GROUP, settings=self.settings)]

    @cached_property
    def log_reader(self) -> KafkaLogReader:
        """The log, for an audit."""
        return KafkaLogReader(self.settings, name=self.application)

    @cached_property
    def auction_rows(self) -> PostgresAuctionRows:
        """What is stored of auctions, for an audit."""
        return PostgresAuctionRows(self.engine)

    def make_audits(self, journals: Sequence[Path]) -> list[Audit]:
        """The audits of one run beside those of the lanes."""
        chat = ChatSources(
            log=self.log_reader,
            rooms=self.auction_rows,
            dead=PostgresLaneRows(),
            store=self.messages,
            tail=RedisRoomTail(self.fanout),
            scratch=SqliteScratch(),
        )
        events = EventAudit(self.log_reader, self.auction_rows, PostgresLaneRows())
        files = [partial(read_journal, path) for path in journals]
        decided = PostgresOutcomes(self.engine).decided_ever
        told = JournalAudit(files, decided, chat) if files else NoJournal()
        return [events, ChatAudit(chat), told]

    @cached_property
    def housekeeping(self) -> Housekeeping:
        """Moving and deleting what is old."""
        limits, engine = self.settings.limits, self.engine
        forgotten = [topic.name for topic in LIVE_TOPICS if not topic.for_ever]
        chat = OldChat(
            PostgresRooms(engine),
            self.messages,
            RedisBookmark(self.fanout),
            days=limits.chat_days,
            clock=utc_now,
        )
        letters = ReplayedDeadLetters(
            engine,
            topics=forgotten,
            days=limits.dead_letter_days,
            unreplayed_days=limits.chat_days,
        )
        chores: list[Chore] = [
            PostgresArchive(engine, days=limits.history_days),
            OldNotices(engine, days=limits.notice_days),
            letters,
            chat,
        ]
        return Housekeeping(chores, limits=limits)

    @cached_property
    def due_records(self) -> DueRecords:
        """What the clock puts into the log."""
        return DueRecords(PostgresDueStore(self.engine), utc_now)

    @cached_property
    def messages(self) -> MongoMessages:
        """Stored chat messages."""
        settings = self.settings
        client = make_client(settings.mongodb_url, limits=settings.limits, name=self.application)
        return MongoMessages(client)

    @cached_property
    def producer(self) -> BackgroundProducer:
        """The log, as the gateway writes it."""
        return BackgroundProducer(self.settings, topics=(AUCTION_BID,), name=self.application)

    @cached_property
    def chat_producer(self) -> BackgroundProducer:
        """The log of chat, on a connection of its own: one request at a time is under way on each,
        and a bid must not wait for a message's."""
        name = f"{self.application}-chat"
        return BackgroundProducer(self.settings, topics=(CHAT_MESSAGE,), name=name)

    @cached_property
    def admission(self) -> Admission:
        """Which topics take more."""
        return Admission(time.monotonic)

    @cached_property
    def admitting_log(self) -> AdmittingLog:
        """The log of those who may be told to wait."""
        return AdmittingLog(self.producer, self.admission, self.guard.check)

    @cached_property
    def bidding(self) -> Bidding:
        """Placing bids and asking after them."""
        limits = self.settings.limits
        return Bidding(
            self.admitting_log,
            PostgresOutcomes(self.engine),
            rights=RightsToBid(
                PostgresRights(self.engine),
                must_be_proved=self.settings.bid_needs_proved_email,
                limits=limits,
            ),
            futile=FutileBids(limits.futile_bids_per_minute),
            clock=utc_now,
        )

    @cached_property
    def bid_limits(self) -> BidLimits:
        """How much users may bid."""
        return BidLimits(
            PostgresRights(self.engine),
            RedisRights(self.fanout),
            everybodys=everybodys_limits(self.settings.limits),
        )

    @cached_property
    def blocks(self) -> Blocks:
        """Whom sellers have blocked."""
        at_most = self.settings.limits.blocks_per_seller_max
        return Blocks(PostgresRights(self.engine), RedisRights(self.fanout), at_most=at_most)

    @cached_property
    def live(self) -> PostgresLive:
        """What the live view reads."""
        return PostgresLive(self.engine)

    @cached_property
    def chat(self) -> Chat:
        """Sending and reading messages."""
        return Chat(
            AdmittingLog(self.chat_producer, self.admission, self.guard.check),
            membership=PostgresLive(self.chat_engine),
            messages=self.messages,
            tail=RedisRoomTail(self.fanout),
            nicknames=self.nicknames,
            rates=self.rates,
            limits=self.settings.limits,
            clock=utc_now,
        )

    @cached_property
    def nicknames(self) -> Nicknames:
        """Names of those whom the log knows by their ids."""
        return Nicknames(PostgresNicknames(self.chat_engine))

    @cached_property
    def rates(self) -> RedisRates:
        """How often people do what has a rate."""
        return RedisRates(self.auth_redis)

    @cached_property
    def presence(self) -> RedisPresence:
        """Who is there, over all gateways."""
        return RedisPresence(self.fanout, gateway=str(uuid4()), limits=self.settings.limits)

    @cached_property
    def auth_redis(self) -> Redis:
        """Redis for sessions and rates."""
        return connect(self.settings.redis_auth_url, limits=self.settings.limits)

    @cached_property
    def users(self) -> PostgresUsers:
        """Stored accounts."""
        return PostgresUsers(self.engine)

    @cached_property
    def sessions(self) -> RedisSessions:
        """Sessions and refresh tokens."""
        return RedisSessions(
            self.auth_redis, self.fanout, epoch=self.epoch, limits=self.settings.limits
        )

    @cached_property
    def user_sessions(self) -> UserSessions:
        """The sessions of one user, and their end."""
        return UserSessions(self.sessions)

    @cached_property
    def administration(self) -> Administration:
        """People as admins handle them."""
        return Administration(self.users, self.user_sessions, self.bid_limits)

    @cached_property
    def mail_tokens(self) -> PostgresMails:
        """Mails that are due, and their tokens."""
        return PostgresMails(self.engine, limits=self.settings.limits)

    @cached_property
    def mails(self) -> Mails:
        """Asking for mails, and sending them."""
        server = SmtpServer(self.settings)
        return Mails(self.mail_tokens, server, settings=self.settings, clock=utc_now)

    def make_passwords(self, offload: Offload) -> Argon2Passwords:
        """Hashes of passwords; `offload` runs what is slow."""
        return Argon2Passwords(offload, limits=self.settings.limits)

    def make_recovery(self, passwords: Passwords) -> Recovery:
        """What links of mails are good for."""
        return Recovery(
            self.mail_tokens,
            passwords=passwords,
            profiles=self.profiles,
            end_sessions=self.user_sessions.end_all,
        )

    def make_erasure(self, passwords: Passwords) -> Erasure:
        """Erasing people."""
        return Erasure(
            PostgresErasing(self.engine),
            reauthentication=self._make_reauthentication(passwords),
            end_sessions=self.user_sessions.end_all,
        )

    def make_password_changes(self, passwords: Passwords) -> PasswordChanges:
        """New passwords."""
        return PasswordChanges(
            self.users,
            self.sessions,
            passwords=passwords,
            profiles=self.profiles,
            reauthentication=self._make_reauthentication(passwords),
        )

    def make_email_changes(self, passwords: Passwords) -> EmailChanges:
        """New addresses."""
        return EmailChanges(self.users, self.mails, self._make_reauthentication(passwords))

    def _make_reauthentication(self, passwords: Passwords) -> Reauthentication:
        limits = self.settings.limits
        return Reauthentication(
            passwords,
            self.profiles,
            backoff=self.login_backoff,
            is_fresh=lambda who: self.user_sessions.began_since(
                who.user_id, who.session_id, utc_now() - timedelta(seconds=limits.fresh_log_in_s)
            ),
        )

    @cached_property
    def login_backoff(self) -> LoginBackoff:
        """How long somebody who guesses a password has to wait."""
        counter = RedisTryCounter(self.auth_redis, limits=self.settings.limits)
        return LoginBackoff(counter, key=self.settings.secret_key)

    def make_accounts(self, access: AccessTokens, passwords: Passwords) -> Accounts:
        """Accounts, with the tokens of whoever asks."""
        return Accounts(
            self.users,
            self.sessions,
            passwords=passwords,
            profiles=self.profiles,
            backoff=self.login_backoff,
            access=access,
            token_keys=self.settings.token_keys,
            limits=self.settings.limits,
        )

    def make_social(self, accounts: Accounts) -> SocialLogIn:
        """Log-in by Google, Kakao and Naver to these accounts."""
        return SocialLogIn(
            make_providers(self.settings),
            PostgresIdentities(self.engine),
            used=RedisUsedStates(self.auth_redis, limits=self.settings.limits),
            accounts=accounts,
            profiles=self.profiles,
        )

    @cached_property
    def profiles(self) -> Profiles:
        """What nicknames and passwords must be."""
        # 20 MB of lists, which only gateways need.
        from app.adapters.looks.skeleton import skeleton  # noqa: PLC0415
        from app.adapters.passwords.common import is_common  # noqa: PLC0415

        return Profiles(PrecisProfiles(), skeleton=skeleton, is_common=is_common)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Products."""
        guests = PostgresProducts(self.guest_engine)
        return Catalogue(PostgresProducts(self.engine), for_guests=guests)

    @cached_property
    def auction_views(self) -> PostgresAuctions:
        """Auctions as the API shows them."""
        return self._auctions_on(self.engine)

    @cached_property
    def snapshots(self) -> Snapshots:
        """Auctions as guests see them."""
        guests = self._auctions_on(self.guest_engine)
        return Snapshots(guests, self.live.prices, limits=self.settings.limits)

    def _auctions_on(self, engine: Engine) -> PostgresAuctions:
        return PostgresAuctions(engine, bid_limits=everybodys_limits(self.settings.limits))

    @cached_property
    def auction_house(self) -> AuctionHouse:
        """Auctions, and their sellers' wishes: rare, so they never wait for a backlog."""
        return AuctionHouse(
            self.auction_views,
            PostgresProducts(self.engine),
            snapshots=self.snapshots,
            log=self.producer,
            clock=utc_now,
            wait_s=self.settings.limits.wait_outcome_s,
        )

    @cached_property
    def notice_list(self) -> NoticeList:
        """Notices, page by page."""
        return NoticeList(PostgresNotices(self.engine))

    @cached_property
    def rooms(self) -> RoomService:
        """Chat rooms and their members."""
        return RoomService(PostgresRooms(self.chat_engine), self.chat, clock=utc_now)

    @cached_property
    def dead_letter_list(self) -> DeadLetterList:
        """What was given up."""
        names = [topic.name for topic in self.topics]
        live = [name for name in names if not name.endswith(DEAD_LETTER_SUFFIX)]
        return DeadLetterList(PostgresKeptDeadLetters(self.engine), live)

    @cached_property
    def replaying(self) -> Replaying:
        """Trying again what was given up."""
        limits = self.settings.limits
        return Replaying(
            self.dead_letter_list,
            PostgresReplayStore(self.engine, quiet_s=limits.replay_quiet_s),
            self.producer,
            begin=partial(transaction, self.engine),
            lanes=self.lane_topics,
            limits=limits,
            clock=time.monotonic,
            sleep=time.sleep,
        )

    @cached_property
    def parked(self) -> Parked:
        """Lanes and partitions that wait for a person."""
        return Parked(
            PostgresParkedStore(self.engine),
            self.lanes,
            KafkaLags(self.settings, name=self.application),
            self.waker,
            begin=partial(transaction, self.engine),
            topics=self.lane_topics,
        )


class GatewayContainer(Container):
    """Services somebody waits for: each store answers in `limits.store_timeout_s` or is left."""

    def __init__(self, settings: Settings, *, application: str) -> None:
        super().__init__(settings, application=application)
        self._breakers: dict[tuple[str, str], Breaker] = {}

    @cached_property
    def engine(self) -> Engine:
        """PostgreSQL."""
        limits = self.settings.limits
        return self._make_engine("", limits.pool_connections, limits.store_timeout_s)

    @cached_property
    def chat_engine(self) -> Engine:
        """PostgreSQL, for rooms: however many ask for them, bids keep their connections."""
        limits = self.settings.limits
        return self._make_engine("-chat", limits.chat_pool_connections, limits.store_timeout_s)

    @cached_property
    def guest_engine(self) -> Engine:
        """PostgreSQL, as far as guests may use it."""
        limits = self.settings.limits
        return self._make_engine("-guests", limits.guest_pool_connections, limits.guest_pool_wait_s)

    @cached_property
    def fanout(self) -> Redis:
        """Redis for pub/sub and presence."""
        url = self.settings.redis_fanout_url
        return connect_guarded(url, breaker=self._breaker(metrics.REDIS, url))

    @cached_property
    def auth_redis(self) -> Redis:
        """Redis for sessions and rates."""
        url = self.settings.redis_auth_url
        return connect_guarded(url, breaker=self._breaker(metrics.REDIS, url))

    @cached_property
    def messages(self) -> MongoMessages:
        """Stored chat messages."""
        settings = self.settings
        breaker = self._breaker(metrics.MONGODB, settings.mongodb_url)
        client = make_guarded_client(
            settings.mongodb_url, limits=settings.limits, name=self.application, breaker=breaker
        )
        return MongoMessages(client, breaker)

    @property
    def is_fanout_away(self) -> bool:
        """Whether Redis does not answer, through which outcomes would come."""
        return self._breaker(metrics.REDIS, self.settings.redis_fanout_url).is_open

    def _make_engine(self, whose: str, connections: int, wait_s: float) -> Engine:
        url = self.settings.database_url
        engine = make_guarded_engine(
            url,
            application=self.application + whose,
            limits=self.settings.limits,
            breaker=self._breaker(metrics.POSTGRESQL, url),
            connections=connections,
            wait_s=wait_s,
        )
        guard_connections(engine, lambda: self.guard)
        return engine

    def _breaker(self, store: str, url: str) -> Breaker:
        """The one of the server at `url`, whatever it is used for and by whom."""
        limits = self.settings.limits
        return self._breakers.setdefault(
            (store, urlsplit(url).netloc.rpartition("@")[2]),
            Breaker(store, timeout_s=limits.store_timeout_s, pause_s=limits.store_pause_s),
        )


def refuse_older_database(container: Container) -> None:
    """Raise OlderDatabaseError when it is one. A server that does not answer yet is waited for by
    whoever needs it."""
    try:
        container.look_at_database()
    except OlderDatabaseError:
        raise
    except BusyError:
        return


def build_container(settings: Settings, *, application: str) -> Container:
    """The services of this process; connects to nothing yet."""
    return Container(settings, application=application)


def build_gateway_container(settings: Settings) -> Container:
    """The services of a gateway, which runs under gevent; connects to nothing yet."""
    from app.adapters.postgres.waiting import install_waits  # noqa: PLC0415 - loads gevent

    install_waits(settings.limits.store_timeout_s)
    container = GatewayContainer(settings, application="gateway")
    container.guard_database()
    return container
