"""Products: what sellers own and put up for auction."""

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from msgspec import UNSET

from app.domain.errors import FieldFault, ForbiddenError, InvalidError
from app.protocol.resources import Listed, Product, ProductChange, ProductCreate, ProductQuery
from app.services.pages import page_by_id


class Products(Protocol):
    """Stored products. Methods raise BusyError when the store cannot answer."""

    def add(self, seller_id: int, request: ProductCreate) -> int:
        """Add a product and return its id."""
        ...

    def get(self, product_id: int, viewer_id: int | None) -> Product:
        """Return the product. Raise NotFoundError."""
        ...

    def page(
        self, query: ProductQuery, viewer_id: int | None, *, after_id: int | None, limit: int
    ) -> list[Product]:
        """Return at most `limit` products, newest first, after one of them."""
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

    def products(self, query: ProductQuery, viewer_id: int | None) -> Listed[Product]:
        """Return a page of products, newest first."""
        read = partial(self._shown_to(viewer_id).page, query, viewer_id)
        return page_by_id(query, "products", read)

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
