"""right to bid: limits, blocks, voided bidders, and goods as they were sold.

Only adds. Code of before goes on: it leaves the new column as it is, and the auctions that it
makes meanwhile have no row in `auction_goods`: they show the product itself.

Goods of auctions from before are frozen as the products are at this migration, which is the best
that is known of them. Going back forgets limits, blocks and frozen goods; it is refused by the
next fold of an auction with a voided bidder, whose log code of before cannot read.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PICTURES = """
(SELECT coalesce(jsonb_agg(jsonb_build_object('url', i.url, 'thumbnail_url', i.thumbnail_url)
   ORDER BY i.place, i.id), '[]') FROM product_images i WHERE i.product_id = p.id)"""


def upgrade() -> None:
    none = sa.text("'{}'::bigint[]")
    op.add_column(
        "auctions",
        sa.Column("voided_ids", ARRAY(sa.BigInteger()), nullable=False, server_default=none),
    )
    _limits_and_blocks()
    op.create_table(
        "auction_goods",
        sa.Column("auction_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("pictures", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["auction_id"], ["auctions.id"], name="fk_auction_goods_auction_id"
        ),
        sa.PrimaryKeyConstraint("auction_id", name="pk_auction_goods"),
    )
    op.execute(
        "INSERT INTO auction_goods (auction_id, name, description, pictures) "  # noqa: S608
        f"SELECT a.id, p.name, p.description, {PICTURES} "
        "FROM auctions a JOIN products p ON p.id = a.product_id"
    )


def _limits_and_blocks() -> None:
    op.create_table(
        "bid_limits",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount BETWEEN 1 AND 1000000000000", name="ck_bid_limits_amount"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_bid_limits_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "currency", name="pk_bid_limits"),
    )
    op.create_table(
        "blocks",
        sa.Column("seller_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
        ),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["users.id"], name="fk_blocks_seller_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_blocks_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seller_id", "user_id", name="pk_blocks"),
    )
    op.create_index("ix_blocks_user_id", "blocks", ["user_id"])


def downgrade() -> None:
    op.drop_table("auction_goods")
    op.drop_table("blocks")
    op.drop_table("bid_limits")
    op.drop_column("auctions", "voided_ids")
