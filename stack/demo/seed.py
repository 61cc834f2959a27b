"""Two people and a few auctions, for the first look at a fresh stack."""

from stack.client import Endpoint, RefusedError, User
from stack.demo import LOG_INS, PASSWORD

SELLER_NAME, BIDDER_NAME = "은지", "Sam"

# name, description, starting price in won, minutes until the end, hidden reserve
LOTS: tuple[tuple[str, str, int, int, int | None], ...] = (
    ("달항아리", "White porcelain moon jar, 30 cm.", 120_000, 30, 200_000),
    ("Film camera", "From 1974, works, with a 50 mm lens.", 40_000, 60, None),
    ("자개 보석함", "Mother-of-pearl jewellery box.", 25_000, 24 * 60, None),
    ("Fountain pen", "Black, gold nib, medium.", 9_000, 3 * 24 * 60, None),
)


def seed(endpoint: Endpoint) -> None:
    """Create them through the API, as a seller would."""
    seller, bidder = (
        User(endpoint, name, email=email, password=PASSWORD)
        for name, email in zip((SELLER_NAME, BIDDER_NAME), LOG_INS.values(), strict=True)
    )
    for user in (seller, bidder):
        joined(user)
    for name, description, price, minutes, reserve in LOTS:
        seller.open_auction(
            name=name,
            description=description,
            starting_price=price,
            reserve_price=reserve,
            lasts_s=60 * minutes,
        )


def joined(user: User) -> User:
    """Sign a user up who is new. Raise CallError."""
    try:
        user.sign_up()
    except RefusedError as refused:
        if refused.code != "EMAIL_TAKEN":
            raise
    return user
