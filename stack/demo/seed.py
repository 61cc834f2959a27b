"""Two people and a few auctions, for the first look at a fresh stack."""

from datetime import UTC, datetime, timedelta

from stack.demo.api import BIDDER, call, signed_in

SELLER_NAME, BIDDER_NAME = "은지", "Sam"

# name, description, starting price in won, minutes until the end, hidden reserve
LOTS: tuple[tuple[str, str, int, int, int | None], ...] = (
    ("달항아리", "White porcelain moon jar, 30 cm.", 120_000, 30, 200_000),
    ("Film camera", "From 1974, works, with a 50 mm lens.", 40_000, 60, None),
    ("자개 보석함", "Mother-of-pearl jewellery box.", 25_000, 24 * 60, None),
    ("Fountain pen", "Black, gold nib, medium.", 9_000, 3 * 24 * 60, None),
)


def seed(seller_email: str) -> None:
    """Create them through the API, as a seller would."""
    token = signed_in(seller_email, SELLER_NAME)
    signed_in(BIDDER, BIDDER_NAME)
    now = datetime.now(UTC)
    for name, description, starting_price, minutes, reserve_price in LOTS:
        product = {"name": name, "description": description, "sale_type": "auction"}
        product_id = call("POST", "/api/products", product, token=token)["id"]
        auction = {
            "product_id": product_id,
            "starting_price": starting_price,
            "reserve_price": reserve_price,
            "ends_at": (now + timedelta(minutes=minutes)).isoformat(),
        }
        call("POST", "/api/auctions", auction, token=token)
