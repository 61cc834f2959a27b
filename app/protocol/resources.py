"""Bodies and answers of the HTTP API (wire.md, HTTP)."""

from typing import Annotated, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field

from app.domain.auction import AuctionStatus
from app.domain.decision import Standing
from app.domain.money import Currency
from app.domain.notice import NoticeKind
from app.domain.records import BidKind
from app.domain.terms import AuctionMode
from app.protocol.outcomes import PublicState
from app.protocol.text import DECOMPOSED_FACTOR
from app.protocol.types import (
    EMAIL_MAX,
    LINE,
    PASSWORD_MAX,
    Amount,
    ChatText,
    Description,
    Email,
    ExtensionsMax,
    Id,
    Instant,
    Key,
    Language,
    Name,
    Nickname,
    Password,
    Provider,
    Reason,
    Role,
    SaleType,
    Seq,
    Timestamp,
    UserStatus,
    WindowSeconds,
)

T = TypeVar("T")

LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX = 20, 100
Limit = Annotated[int, Meta(ge=1, le=LIST_LIMIT_MAX)]
Cursor = Annotated[str, Meta(min_length=1, max_length=200)]
MailToken = Annotated[str, Meta(min_length=1, max_length=200)]
SearchText = Annotated[str, Meta(min_length=1, max_length=120, extra=LINE)]


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends: unknown fields are refused."""


class Signup(Body, frozen=True):
    """`POST /api/auth/signup`."""

    email: Email
    password: Password
    nickname: Nickname
    language: Language = "ko"  # of mails


# Any password may be tried, in any Unicode form.
TypedPassword = Annotated[str, Meta(max_length=DECOMPOSED_FACTOR * PASSWORD_MAX)]


class Login(Body, frozen=True):
    """`POST /api/auth/login`."""

    email: Annotated[str, Meta(max_length=EMAIL_MAX, extra=LINE)]
    password: TypedPassword
    delivery: Literal["cookie", "body"] = "cookie"


class Refresh(Body, frozen=True):
    """`POST /api/auth/refresh`, for clients without cookies."""

    refresh_token: Annotated[str, Meta(max_length=200)] | None = None


class Verify(Body, frozen=True):
    """`POST /api/auth/verify`: the token of the mail."""

    token: MailToken


class Forgot(Body, frozen=True):
    """`POST /api/auth/forgot`."""

    email: Email


class Reset(Body, frozen=True):
    """`POST /api/auth/reset`: the token of the mail, and the new password."""

    token: MailToken
    password: Password


class EmailChange(Body, frozen=True):
    """`PUT /api/me/email`. Who has no password has logged in just before instead."""

    email: Email
    password: TypedPassword | None = None


class Erase(Body, frozen=True):
    """`DELETE /api/me`. Who has no password has logged in just before instead."""

    password: TypedPassword | None = None


class User(Struct, frozen=True):
    """The signed-in user."""

    id: int
    email: str | None  # None: logs in with a provider that sent none
    nickname: str
    role: Role
    providers: list[str]
    status: UserStatus
    email_proved: bool
    has_password: bool


class UserAnswer(Struct, frozen=True):
    """`{user}`."""

    user: User


class Tokens(Struct, frozen=True):
    """Log-in and refresh."""

    access_token: str
    expires_in: int
    user: User
    refresh_token: str | UnsetType = UNSET
    token_type: Literal["Bearer"] = "Bearer"


class IdentityItem(Struct, frozen=True):
    """A log-in by a provider that is linked to an account."""

    provider: Provider
    linked_at: Timestamp


class Identities(Struct, frozen=True):
    """`GET /api/me/identities`, by provider."""

    items: list[IdentityItem]


class PasswordChange(Body, frozen=True):
    """`POST /api/me/password`."""

    current: TypedPassword
    password: Password


class Session(Struct, frozen=True):
    """A sign-in of the caller's; `device` is what the browser said about itself, at most 200
    characters, `address` where it was used last: an IPv4 address or the /64 of an IPv6 one."""

    id: int
    device: str
    address: str | None
    created_at: Timestamp
    last_used_at: Timestamp
    current: bool


class AdminUser(Struct, frozen=True):
    """An account as admins see it."""

    id: int
    email: str | None
    nickname: str
    role: Role
    status: UserStatus
    email_proved: bool
    created_at: Timestamp
    bid_limits: dict[str, int]  # those that differ from the defaults, in minor units


class BidLimitChange(Body, frozen=True, rename=str.upper):
    """Bid limits by currency, in minor units: what is absent stays."""

    krw: Amount | UnsetType = UNSET
    jpy: Amount | UnsetType = UNSET
    usd: Amount | UnsetType = UNSET
    eur: Amount | UnsetType = UNSET


class UserChange(Body, frozen=True):
    """`PATCH /api/admin/users/{id}`: what is absent stays."""

    status: UserStatus | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    bid_limits: BidLimitChange | UnsetType = UNSET


class Person(Struct, frozen=True):
    """Somebody as others see them."""

    id: int
    nickname: str


class ProductCreate(Body, frozen=True):
    """`POST /api/products`. A direct sale names its price, an auction does not."""

    name: Name
    description: Description
    sale_type: SaleType
    currency: Currency = "KRW"
    price: Amount | None = None


class ProductChange(Body, frozen=True):
    """`PATCH /api/products/{id}`: what is absent stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    price: Amount | UnsetType = UNSET


class Product(Struct, frozen=True):
    """A product."""

    id: int
    name: str
    description: str
    sale_type: SaleType
    price: int | None
    currency: Currency
    seller: Person
    is_seller: bool
    auction_id: int | None
    created_at: Timestamp


class SoftClose(Body, frozen=True):
    """How bids near the end move it (rule 12)."""

    window_s: WindowSeconds
    extend_s: WindowSeconds
    extensions_max: ExtensionsMax


class AuctionCreate(Body, frozen=True):
    """`POST /api/auctions`. `ends_at` may be absent in live mode only."""

    product_id: Id
    starting_price: Amount
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    reserve_price: Amount | None = None
    buy_now_price: Amount | None = None
    soft_close: SoftClose | None = None
    mode: AuctionMode = "timed"


class ReserveLower(Body, frozen=True):
    """`PATCH /api/auctions/{id}`."""

    reserve_price: Amount


class AuctionCancel(Body, frozen=True):
    """`POST /api/auctions/{id}/cancel`."""

    reason: Reason | None = None


class Picture(Struct, frozen=True):
    """A picture of a product."""

    url: str
    thumbnail_url: str


class AuctionProduct(Struct, frozen=True):
    """The product of an auction as it was when it was put up; text and pictures not in lists."""

    id: int
    name: str
    thumbnail_url: str | None
    description: str | UnsetType = UNSET
    pictures: list[Picture] | UnsetType = UNSET


StandingOfMine = Literal["none", Standing, "won", "lost"]


class Mine(Struct, frozen=True):
    """The caller's own place in an auction.

    `limit` is the most they may bid on it; `blocked`: the seller lets them bid on nothing.
    """

    standing: StandingOfMine
    alias: int | None
    maximum: int | None
    watching: bool
    limit: int
    blocked: bool


class Auction(PublicState, frozen=True, kw_only=True):
    """The full resource. `mine` only for a signed-in caller; `winner_user` only for the seller
    and the winner. `buy_now_price` is null once it can no longer be bought at.
    """

    id: int
    mode: AuctionMode
    product: AuctionProduct
    seller: Person
    currency: Currency
    starting_price: int
    buy_now_price: int | None
    starts_at: Timestamp
    scheduled_ends_at: Timestamp
    closed_at: Timestamp | None
    mine: Mine | UnsetType = UNSET
    winner_user: Person | UnsetType = UNSET


class AuctionVoid(Body, frozen=True):
    """`POST /api/admin/auctions/{id}/void`."""

    bidder_id: Id
    reason: Reason


class Block(Struct, frozen=True):
    """Somebody who may not bid on the caller's auctions."""

    user: Person
    created_at: Timestamp


class BidCreate(Body, frozen=True):
    """`POST /api/auctions/{id}/bids`, its key in the header `Idempotency-Key`."""

    amount: Amount
    kind: BidKind = "exact"
    confirm: bool = False


class RoomCreate(Body, frozen=True):
    """`POST /api/rooms`: the one room of an auction."""

    type: Literal["auction"]
    auction_id: Id


class Room(Struct, frozen=True):
    """A chat room as a member or a guest sees it."""

    id: int
    type: Literal["auction"]
    auction_id: int
    name: str
    member: bool
    members: int


class ChatMessage(Struct, frozen=True):
    """One stored message; `seq` rises in the order of the log."""

    seq: int
    message_id: str
    sender: Person
    text: ChatText
    at: Timestamp


class Notice(Struct, frozen=True):
    """Something the user should know, until it is read; `params` always name the `product`."""

    id: int
    kind: Literal[NoticeKind, "ending_soon"]
    auction_id: int
    params: dict[str, int | str | None]
    at: Timestamp


class NoticesRead(Body, frozen=True):
    """`POST /api/me/notices/read`."""

    up_to: Id


class BidHeaders(Body, frozen=True):
    """Headers of `POST /api/auctions/{id}/bids`; `prefer` may say `wait=N` (RFC 7240)."""

    key: Key = field(name="Idempotency-Key")
    prefer: str = field(name="Prefer", default="")


class Listed(Struct, Generic[T], frozen=True):
    """`{items, next_cursor}`."""

    items: list[T]
    next_cursor: str | None


class Page(Body, frozen=True):
    """Query of every list."""

    limit: Limit = LIST_LIMIT_DEFAULT
    cursor: Cursor | None = None


class ProductQuery(Page, frozen=True):
    """Query of `GET /api/products`."""

    query: SearchText | None = None
    sale_type: SaleType | None = None
    seller_id: Id | UnsetType = UNSET  # not None: in a query that would be the word "null"


class UserQuery(Page, frozen=True):
    """Query of `GET /api/admin/users`: words of the e-mail or the nickname."""

    query: SearchText | None = None
    role: Role | None = None
    status: UserStatus | None = None


class AuctionQuery(Page, frozen=True):
    """Query of `GET /api/auctions`."""

    status: AuctionStatus | None = None
    query: SearchText | None = None
    sort: Literal["ending", "newest", "price"] = "newest"


class BidHistoryQuery(Body, frozen=True):
    """Query of `GET /api/auctions/{id}/bids`."""

    after_seq: Seq = 0
    limit: Limit = LIST_LIMIT_DEFAULT
    cursor: Cursor | None = None
