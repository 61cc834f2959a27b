"""Products: what sellers own and put up for auction."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import UNSET

from app.domain.errors import FieldFault, ForbiddenError, InvalidError
from app.protocol.resources import Product, ProductChange, ProductCreate, ProductQuery
from app.services.cursors import read_cursor, write_cursor

ORDER = "products"


class Products(Protocol):
    """Stored products. Methods raise BusyError when the store cannot answer."""

    def add(self, seller_id: int, request: ProductCreate) -> int:
        """Add a product and return its id."""
        ...

    def get(self, product_id: int, viewer_id: int | None) -> Product:
        """Return the product. Raise NotFoundError."""
        ...

    def page(
        self, query: ProductQuery, *, before_id: int | None, viewer_id: int | None
    ) -> list[Product]:
        """Return at most `query.limit` + 1 products, newest first."""
        ...

    def change(self, product_id: int, values: Mapping[str, object]) -> None:
        """Set columns. Raises ConflictError (`AUCTION_LIVE`) while an auction of it is live."""

    def delete(self, product_id: int) -> None:
        """Hide the product for good. Raise ConflictError (`AUCTION_LIVE`)."""


class Catalogue:
    """The use-cases around products."""

    def __init__(self, products: Products, *, for_guests: Products) -> None:
        self._products, self._for_guests = products, for_guests

    def create(self, seller_id: int, request: ProductCreate) -> Product:
        """Create a product. Raise InvalidError when an auction has a price or a direct sale has
        none."""
        if (request.sale_type == "direct") != (request.price is not None):
            message = "a direct sale needs a price, an auction has none"
            raise InvalidError([FieldFault("price", "INVALID", message)])
        return self._products.get(self._products.add(seller_id, request), seller_id)

    def product(self, product_id: int, viewer_id: int | None) -> Product:
        """Return the product. Raise NotFoundError."""
        return self._shown_to(viewer_id).get(product_id, viewer_id)

    def products(
        self, query: ProductQuery, viewer_id: int | None
    ) -> tuple[list[Product], str | None]:
        """Return a page of products, newest first, and the cursor of the next."""
        after = read_cursor(query.cursor, ORDER)
        before_id = after[1] if after else None
        found = self._shown_to(viewer_id).page(query, before_id=before_id, viewer_id=viewer_id)
        shown = found[: query.limit]
        more = len(found) > query.limit
        return shown, write_cursor(ORDER, 0, shown[-1].id) if more else None

    def change(self, seller_id: int, product_id: int, request: ProductChange) -> Product:
        """Change the product and return it. Raise NotFoundError, ForbiddenError, ConflictError."""
        product = self._owned(seller_id, product_id)
        if request.price is not UNSET and product.sale_type == "auction":
            raise InvalidError([FieldFault("price", "INVALID", "an auction has no price")])
        given = {"name": request.name, "description": request.description, "price": request.price}
        values = {name: value for name, value in given.items() if value is not UNSET}
        if values:
            self._products.change(product_id, values)
        return self._products.get(product_id, seller_id)

    def delete(self, seller_id: int, product_id: int) -> None:
        """Delete the product. Raise NotFoundError, ForbiddenError, ConflictError
        (`AUCTION_LIVE`)."""
        self._owned(seller_id, product_id)
        self._products.delete(product_id)

    def _shown_to(self, viewer_id: int | None) -> Products:
        return self._for_guests if viewer_id is None else self._products

    def _owned(self, seller_id: int, product_id: int) -> Product:
        product = self._products.get(product_id, seller_id)
        if not product.is_seller:
            raise ForbiddenError(detail="only the seller may")
        return product
