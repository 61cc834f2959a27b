"""The port `Products` on PostgreSQL."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET
from sqlalchemy import Engine, Row, func, select, update

from app.adapters.postgres.queries import by_id, contains, first_row, read_row, rows, transaction
from app.adapters.postgres.schema import auctions, products
from app.domain.errors import ConflictError, NotFoundError
from app.protocol.resources import Person, Product, ProductCreate, ProductQuery

_ADD = """
INSERT INTO products (seller_id, name, description, sale_type, price, currency)
VALUES (%(seller_id)s, %(name)s, %(description)s, %(sale_type)s, %(price)s, %(currency)s)
RETURNING id"""

_COLUMNS = """
SELECT p.id, p.name, p.description, p.sale_type, p.price, p.currency, p.seller_id, p.created_at,
  u.nickname, (SELECT max(a.id) FROM auctions a WHERE a.product_id = p.id) AS auction_id
FROM products p JOIN users u ON u.id = p.seller_id WHERE p.deleted_at IS NULL """

_ONE = _COLUMNS + "AND p.id = %(id)s"

_PAGE = f"""{_COLUMNS}
AND (%(words)s::text IS NULL OR p.name ILIKE %(words)s OR p.description ILIKE %(words)s)
AND (%(sale_type)s::text IS NULL OR p.sale_type = %(sale_type)s)
AND (%(seller_id)s::bigint IS NULL OR p.seller_id = %(seller_id)s)
{by_id("p.id").rest}"""


class PostgresProducts:
    """Products in the table `products`; a deleted one stays, hidden, for its past auctions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, seller_id: int, request: ProductCreate) -> int:
        """The id of a new product."""
        values = {
            "seller_id": seller_id,
            "name": request.name,
            "description": request.description,
            "sale_type": request.sale_type,
            "price": request.price,
            "currency": request.currency,
        }
        return int(rows(self._engine, _ADD, values)[0].id)

    def get(self, product_id: int, viewer_id: int | None) -> Product:
        """The product. Raises NotFoundError."""
        row = first_row(self._engine, _ONE, {"id": product_id})
        if row is None:
            raise NotFoundError("no such product")
        return _product(row, viewer_id)

    def page(
        self, query: ProductQuery, viewer_id: int | None, *, after_id: int | None, limit: int
    ) -> list[Product]:
        """At most `limit`, newest first."""
        values = {
            "words": contains(query.query),
            "sale_type": query.sale_type,
            "seller_id": None if query.seller_id is UNSET else query.seller_id,
            "after_id": after_id,
            "limit": limit,
        }
        return [_product(row, viewer_id) for row in rows(self._engine, _PAGE, values)]

    def change(self, product_id: int, values: Mapping[str, object]) -> None:
        """Set columns. Raises ConflictError (`AUCTION_LIVE`)."""
        live = select(auctions.c.id).where(
            auctions.c.product_id == product_id, auctions.c.status.in_(("scheduled", "open"))
        )
        row = select(products.c.id).where(products.c.id == product_id).with_for_update()
        with transaction(self._engine) as connection:
            connection.execute(row)  # an auction of it that is being made waits, or we do
            if connection.execute(live).first() is not None:
                raise ConflictError("AUCTION_LIVE", "an auction of it is scheduled or open")
            connection.execute(update(products).where(products.c.id == product_id).values(values))

    def delete(self, product_id: int) -> None:
        """Hide it for good. Raises ConflictError (`AUCTION_LIVE`)."""
        self.change(product_id, {"deleted_at": func.now()})


def _product(row: Row[Any], viewer_id: int | None) -> Product:
    seller = Person(row.seller_id, row.nickname)
    return read_row(Product, row, seller=seller, is_seller=row.seller_id == viewer_id)
