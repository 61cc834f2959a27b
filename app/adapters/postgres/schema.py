"""The tables: what Alembic compares the database with.

Amounts are minor units, times `timestamptz`. Of an auction's columns only settle writes those
from `version` on; everything before is frozen at its creation.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from lanes.postgres.schema import NAMING_CONVENTION, Instant

metadata = MetaData(naming_convention=NAMING_CONVENTION)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _settled_at() -> Column[object]:
    """When the row was written, for recent outcomes; decision times may be far behind."""
    return Column("settled_at", Instant, nullable=False, server_default=func.now())


def _lately(table: str) -> Index:
    """An index for recent rows: rows are written in the order of this time, so a block range index
    suffices, and costs next to nothing."""
    return Index(
        f"ix_{table}_settled_at",
        "settled_at",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    )


def _created_at() -> Column[object]:
    return Column("created_at", Instant, nullable=False, server_default=func.now())


users = Table(
    "users",
    metadata,
    _id(),
    Column("email", Text),  # null: the provider sent none
    Column("nickname", Text, nullable=False),
    Column("password_hash", Text),  # null: signs in with a provider only
    Column("role", Text, nullable=False, server_default="user"),
    _created_at(),
    Column("status", Text, nullable=False, server_default="active"),
    Column("email_proved_at", Instant),  # null: not proved
    Column("language", Text, nullable=False, server_default="ko"),  # of mails
    Column("erased_at", Instant),  # then no column identifies the user
    CheckConstraint("role IN ('user', 'moderator', 'admin')", name="role"),
    CheckConstraint("status IN ('active', 'suspended', 'banned')", name="status"),
    CheckConstraint("language IN ('ko', 'en')", name="language"),
    Index("uq_users_email_lower", text("lower(email)"), unique=True),
)

# The mail of each purpose that is due for a person, and the hash of the token that was sent last.
# A negative id belongs to no user: a request for an unknown address writes as much as for a known.
mail_tokens = Table(
    "mail_tokens",
    metadata,
    Column("user_id", BigInteger, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("email", Text),  # where it goes, if that is not the account's address
    Column("due_at", Instant),  # null: none is due
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("digest", Text, unique=True),
    Column("expires_at", Instant),
    Column("asked", Integer, nullable=False, server_default="1"),  # since `counted_since`
    Column("asked_at", Instant, nullable=False, server_default=func.now()),
    Column("counted_since", Instant, nullable=False, server_default=func.now()),
    CheckConstraint("purpose IN ('proof', 'reset', 'change', 'changed')", name="purpose"),
    # A mail that goes elsewhere is never sent to the account's address instead.
    CheckConstraint(
        "(purpose IN ('proof', 'reset')) = (email IS NULL) OR due_at IS NULL", name="email"
    ),
    Index("ix_mail_tokens_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
)

identities = Table(
    "identities",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    _created_at(),
    # An account has one log-in of each provider: it is unlinked by the provider's name.
    Index("uq_identities_user_id_provider", "user_id", "provider", unique=True),
)

# A user's bid limit in a currency, if it differs from the default in settings.
bid_limits = Table(
    "bid_limits",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("amount BETWEEN 1 AND 1000000000000", name="amount"),
)

# The users whom a seller has blocked from all of their auctions.
blocks = Table(
    "blocks",
    metadata,
    Column("seller_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    _created_at(),
)

products = Table(
    "products",
    metadata,
    _id(),
    Column("seller_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("sale_type", Text, nullable=False),
    Column("price", BigInteger),
    Column("currency", Text, nullable=False),
    Column("deleted_at", Instant),
    _created_at(),
    CheckConstraint("sale_type IN ('auction', 'direct')", name="sale_type"),
)

product_images = Table(
    "product_images",
    metadata,
    _id(),
    Column("product_id", ForeignKey("products.id", ondelete="CASCADE"), index=True),
    Column("owner_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("place", SmallInteger, nullable=False, server_default="0"),
    Column("url", Text, nullable=False),
    Column("thumbnail_url", Text, nullable=False),
    _created_at(),
)

auctions = Table(
    "auctions",
    metadata,
    _id(),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("seller_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("currency", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("starting_price", BigInteger, nullable=False),
    Column("initial_reserve_price", BigInteger),
    Column("buy_now_price", BigInteger),
    Column("created_at", Instant, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("scheduled_ends_at", Instant, nullable=False),
    Column("last_ends_at", Instant, nullable=False),
    Column("window_s", Integer, nullable=False),
    Column("extend_s", Integer, nullable=False),
    Column("rules", JSONB, nullable=False),
    # From here on only settle writes.
    Column("version", BigInteger, nullable=False, server_default="0"),
    Column("status", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("leader_id", ForeignKey("users.id")),
    Column("leader_maximum", BigInteger),
    Column("bid_count", BigInteger, nullable=False, server_default="0"),
    Column("ends_at", Instant, nullable=False),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("reserve_price", BigInteger),
    Column("reserve_lowered", Boolean, nullable=False, server_default="false"),
    Column("winner_id", ForeignKey("users.id")),
    Column("winning_amount", BigInteger),
    Column("closed_at", Instant),
    Column("decided_at", Instant),
    Column("alias_count", Integer, nullable=False, server_default="0"),
    Column("chain", Text, nullable=False),
    # Whose bids count no more (rule 20); one for each void by an admin, so few.
    Column("voided_ids", ARRAY(BigInteger), nullable=False, server_default=text("'{}'::bigint[]")),
    # When all that was decided about it was moved to the archive; null from the next settle on.
    Column("archived_at", Instant),
    CheckConstraint("status IN ('scheduled', 'open', 'closed', 'cancelled')", name="status"),
    CheckConstraint("mode IN ('timed', 'live')", name="mode"),
    Index(
        "uq_auctions_live_product",
        "product_id",
        unique=True,
        postgresql_where=text("status IN ('scheduled', 'open')"),
    ),
    Index("ix_auctions_product_id", "product_id", "id"),
    Index("ix_auctions_due_start", "starts_at", postgresql_where=text("status = 'scheduled'")),
    Index("ix_auctions_due_end", "ends_at", postgresql_where=text("status = 'open'")),
    Index("ix_auctions_status_id", "status", "id"),
    Index("ix_auctions_status_ends_at", "status", "ends_at", "id"),
    Index(
        "ix_auctions_unarchived",
        "closed_at",
        postgresql_where=text("closed_at IS NOT NULL AND archived_at IS NULL"),
    ),
    # None on leader, winner or price: they change with a bid, and an update that changes an
    # indexed column is no longer in place. Nothing looks for auctions by leader or winner.
    # Room on the page keeps updates of the hot row in place (HOT).
    postgresql_with={"fillfactor": 50},
)

# Name, text and pictures of a product as they were when its auction was made (rule 21): while it is
# scheduled or open the product cannot be changed. Beside the hot row, not in it.
auction_goods = Table(
    "auction_goods",
    metadata,
    Column("auction_id", ForeignKey("auctions.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("pictures", JSONB, nullable=False),  # [{url, thumbnail_url}], in their order
)

# What settle writes names users and auctions without foreign keys: the gateway has checked both,
# the log is the truth, and each key would cost two index probes a bid.

# One number per bidder and auction (rule 17), and the time of the last notice `outbid`.
auction_bidders = Table(
    "auction_bidders",
    metadata,
    Column("auction_id", BigInteger, primary_key=True),
    Column("bidder_id", BigInteger, primary_key=True),
    Column("alias", Integer, nullable=False),
    Column("outbid_noticed_at", Instant),
    Column("archived_maximum", BigInteger),  # the highest of the accepted bids in the archive
    UniqueConstraint("auction_id", "alias"),
    Index("ix_auction_bidders_bidder_id", "bidder_id", "auction_id"),
    postgresql_with={"fillfactor": 80},
)


def _bid_columns() -> list[Column[Any]]:
    """The columns of a decided bid, in both tables."""
    return [
        Column("bid_id", UUID(as_uuid=True), nullable=False),
        Column("auction_id", BigInteger, nullable=False),
        Column("bidder_id", BigInteger, nullable=False),
        Column("key", Text),  # null: an automatic answer
        Column("amount", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("confirm", Boolean, nullable=False),
        Column("status", Text, nullable=False),
        Column("code", Text),
        Column("seq", BigInteger),
        Column("automatic", Boolean, nullable=False, server_default="false"),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("log_time", Instant, nullable=False),
        # The outcome, frozen as decided; null while failed.
        Column("standing", Text),
        Column("alias", Integer),
        Column("public_amount", BigInteger),
        Column("price", BigInteger),
        Column("minimum_next_bid", BigInteger),
        Column("ends_at", Instant),
        Column("decided_at", Instant),
        Column("chain", Text),
    ]


def _decision_columns() -> list[Column[Any]]:
    """The columns of a decision about a record other than a bid decided first, in both tables."""
    return [
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("auction_id", BigInteger, nullable=False),
        Column("type", Text, nullable=False),
        Column("effect", Text, nullable=False),
        Column("code", Text),
        Column("bid_id", UUID(as_uuid=True)),
        Column("log_time", Instant, nullable=False),
        Column("decided_at", Instant, nullable=False),
        Column("detail", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
        Column("chain", Text),  # null: repeats and reused keys are not chained (rule 18)
    ]


bids = Table(
    "bids",
    metadata,
    *_bid_columns(),
    _settled_at(),
    _lately("bids"),
    PrimaryKeyConstraint("bid_id"),
    CheckConstraint("status IN ('accepted', 'rejected', 'failed')", name="status"),
    CheckConstraint("(seq IS NOT NULL) = (status = 'accepted')", name="seq"),
    CheckConstraint("automatic = (key IS NULL)", name="automatic"),
    UniqueConstraint("auction_id", "seq"),
    UniqueConstraint("bidder_id", "auction_id", "key"),
)

decisions = Table(
    "decisions",
    metadata,
    *_decision_columns(),
    _settled_at(),
    _lately("decisions"),
    PrimaryKeyConstraint("topic", "partition", "offset"),
    Index("ix_decisions_auction_id", "auction_id", "offset"),
)

# What was decided about auctions that ended long ago (docs/growth.md): moved here from `bids` and
# `decisions`, never changed, in a partition for each so many auctions. A failed bid may be decided
# yet, so it is never moved. A bid's id is made of its bidder, auction and key: where the ids are
# unique, those three are. The views `all_bids` and `all_decisions` show both tables as one.
bids_archive = Table(
    "bids_archive",
    metadata,
    *_bid_columns(),
    PrimaryKeyConstraint("auction_id", "bid_id"),
    CheckConstraint("status IN ('accepted', 'rejected')", name="status"),
    Index(
        "uq_bids_archive_auction_id_seq",
        "auction_id",
        "seq",
        unique=True,
        postgresql_where=text("seq IS NOT NULL"),
    ),
    postgresql_partition_by="RANGE (auction_id)",
)

decisions_archive = Table(
    "decisions_archive",
    metadata,
    *_decision_columns(),
    PrimaryKeyConstraint("auction_id", "topic", "partition", "offset"),
    postgresql_partition_by="RANGE (auction_id)",
)

notices = Table(
    "notices",
    metadata,
    _id(),
    Column("user_id", BigInteger, nullable=False),
    Column("auction_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("at", Instant, nullable=False),
    Column("published_at", Instant),
    Column("read_at", Instant),
    Index("ix_notices_user_id", "user_id", "id"),
    Index("ix_notices_unread", "user_id", "id", postgresql_where=text("read_at IS NULL")),
    Index("ix_notices_unpublished", "id", postgresql_where=text("published_at IS NULL")),
)

watches = Table(
    "watches",
    metadata,
    Column("user_id", ForeignKey("users.id"), primary_key=True),
    Column("auction_id", ForeignKey("auctions.id"), primary_key=True, index=True),
    _created_at(),
)

rooms = Table(
    "rooms",
    metadata,
    _id(),
    Column("type", Text, nullable=False),
    Column("auction_id", ForeignKey("auctions.id"), unique=True),
    Column("name", Text, nullable=False),
    _created_at(),
)

room_members = Table(
    "room_members",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True, index=True),
    Column("last_seen_at", Instant),
    Column("joined_at", Instant, nullable=False, server_default=func.now()),
)

# A restore of the database begins one (docs/backup.md); the newest is the one that counts. `name`
# is in every access token. `admitted` names the server on which this database was found to be not
# older than the log. `gone`: by kind, the ranges of ids that the log knows and that this
# database lost. `published`: by partition of auction-event, where its end was then.
epochs = Table(
    "epochs",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("admitted", Text),
    Column("gone", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("published", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("begun_at", Instant, nullable=False, server_default=func.now()),
)
