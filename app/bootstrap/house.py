"""The use-cases of users: bidding, selling, chat, accounts, administration."""

import time
from datetime import timedelta
from functools import cached_property

from sqlalchemy import Engine

from app.adapters.kafka.producer import BackgroundProducer
from app.adapters.passwords.argon2 import Argon2Passwords, Offload
from app.adapters.postgres.accounts import PostgresUsers
from app.adapters.postgres.auctions import PostgresAuctions
from app.adapters.postgres.catalogue import PostgresProducts
from app.adapters.postgres.engine import make_guest_engine
from app.adapters.postgres.epochs import guard_connections
from app.adapters.postgres.erasing import PostgresErasing
from app.adapters.postgres.live import PostgresLive
from app.adapters.postgres.notices import PostgresNotices
from app.adapters.postgres.outcomes import PostgresOutcomes
from app.adapters.postgres.rights import PostgresRights
from app.adapters.postgres.rooms import PostgresRooms
from app.adapters.precis.profiles import PrecisProfiles
from app.adapters.redis.login_tries import RedisTryCounter
from app.adapters.redis.rates import RedisRates
from app.adapters.redis.rights import RedisRightsNotifier
from app.adapters.redis.sessions import RedisSessions
from app.adapters.redis.tail import RedisRoomTail
from app.bootstrap.clock import utc_now
from app.bootstrap.dead_letters import DeadLetterContainer
from app.bootstrap.mail import MailContainer
from app.domain.errors import BusyError
from app.protocol.topics import AUCTION_BID, CHAT_MESSAGE
from app.services.accounts import AccessTokens, Accounts, Passwords
from app.services.administration import Administration
from app.services.auctions import AuctionHouse
from app.services.backlog import Admission, AdmittingLog
from app.services.bidding import Bidding
from app.services.catalogue import Catalogue
from app.services.chat import Chat
from app.services.email_change import EmailChanges
from app.services.epochs import OlderDatabaseError
from app.services.erasing import Erasure
from app.services.futile_bids import FutileBids
from app.services.granting import BidLimits, Blocks
from app.services.login_backoff import LoginBackoff
from app.services.notices import NoticeList
from app.services.password_change import PasswordChanges
from app.services.profiles import Profiles
from app.services.reauthentication import Reauthentication
from app.services.recovery import Recovery
from app.services.rights import RightsToBid, default_limits
from app.services.rooms import RoomService
from app.services.sessions import UserSessions
from app.services.snapshots import Snapshots


class HouseContainer(DeadLetterContainer, MailContainer):
    """The use-cases of users, for gateways and commands of operators."""

    def epoch(self) -> str:
        """The name of the database's epoch. Raises BusyError while it is not known."""
        try:
            return self.guard.epoch.name
        except OlderDatabaseError:
            raise
        except BusyError:
            self.check_database()
            return self.guard.epoch.name

    @cached_property
    def guest_engine(self) -> Engine:
        """PostgreSQL, as far as guests may use it."""
        engine = make_guest_engine(
            self.settings.database_url, application=self.application, limits=self.settings.limits
        )
        guard_connections(engine, lambda: self.guard)
        return engine

    @property
    def is_fanout_away(self) -> bool:
        """Return whether Redis, which brings outcomes, is known not to answer."""
        return False

    @cached_property
    def producer(self) -> BackgroundProducer:
        """The producer of bids and control records."""
        return BackgroundProducer(self.settings, topics=(AUCTION_BID,), name=self.application)

    @cached_property
    def chat_producer(self) -> BackgroundProducer:
        """The producer of chat messages, on its own connection: each has one request in flight, and
        a bid must not wait for a message's."""
        name = f"{self.application}-chat"
        return BackgroundProducer(self.settings, topics=(CHAT_MESSAGE,), name=name)

    @cached_property
    def admission(self) -> Admission:
        """Admission by topic."""
        return Admission(time.monotonic)

    @cached_property
    def admitting_log(self) -> AdmittingLog:
        """The log with admission, for requests that may be refused."""
        return AdmittingLog(self.producer, self.admission, self.guard.check)

    @cached_property
    def bidding(self) -> Bidding:
        """Placing bids and reading their status."""
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
        """Bid limits of users."""
        return BidLimits(
            PostgresRights(self.engine),
            RedisRightsNotifier(self.fanout),
            defaults=default_limits(self.settings.limits),
        )

    @cached_property
    def blocks(self) -> Blocks:
        """Users blocked by sellers."""
        at_most = self.settings.limits.blocks_per_seller_max
        return Blocks(
            PostgresRights(self.engine), RedisRightsNotifier(self.fanout), at_most=at_most
        )

    @cached_property
    def live(self) -> PostgresLive:
        """Reads for the live view."""
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
    def rates(self) -> RedisRates:
        """Rate limits per user."""
        return RedisRates(self.auth_redis)

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
        """Administration of users."""
        return Administration(self.users, self.user_sessions, self.bid_limits)

    def make_passwords(self, offload: Offload) -> Argon2Passwords:
        """Hashes of passwords; `offload` runs what is slow."""
        return Argon2Passwords(offload, limits=self.settings.limits)

    def make_recovery(self, passwords: Passwords) -> Recovery:
        """Using the tokens of mails."""
        return Recovery(
            self.mail_tokens,
            passwords=passwords,
            profiles=self.profiles,
            end_sessions=self.user_sessions.end_all,
        )

    def make_erasure(self, passwords: Passwords) -> Erasure:
        """Erasing users."""
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
        """Delays of repeated password guesses."""
        counter = RedisTryCounter(self.auth_redis, limits=self.settings.limits)
        return LoginBackoff(counter, key=self.settings.secret_key)

    def make_accounts(self, access: AccessTokens, passwords: Passwords) -> Accounts:
        """Accounts, with the caller's tokens."""
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

    @cached_property
    def profiles(self) -> Profiles:
        """Rules for nicknames and passwords."""
        # 20 MB of lists, which only gateways need.
        from app.adapters.confusables.skeleton import skeleton  # noqa: PLC0415
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
        return PostgresAuctions(engine, bid_limits=default_limits(self.settings.limits))

    @cached_property
    def auction_house(self) -> AuctionHouse:
        """Auctions, and sellers' requests: rare, so they never wait for a backlog."""
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
