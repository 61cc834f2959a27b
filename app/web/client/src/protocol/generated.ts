/** Generated from app/protocol by `npm run protocol`: change it there. */

export interface Protocol {}
/**
 * The full resource. `mine` only for a signed-in caller; `winner_user` only for the seller.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Auction".
 */
export interface Auction {
  id: number;
  version: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  mode: "live" | "timed";
  product: AuctionProduct;
  seller: Person;
  currency: "EUR" | "JPY" | "KRW" | "USD";
  starting_price: number;
  price: number;
  minimum_next_bid: number;
  bid_count: number;
  leader: Leader | null;
  reserve: "met" | "none" | "not_met";
  buy_now_price: number | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  starts_at: string;
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
  /**
   * RFC 3339, UTC, milliseconds
   */
  scheduled_ends_at: string;
  /**
   * RFC 3339, UTC, milliseconds
   */
  last_ends_at: string;
  extensions: number;
  winner: Winner | null;
  closed_at: string | null;
  mine?: Mine;
  winner_user?: Person;
}
/**
 * The product of an auction, in short.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionProduct".
 */
export interface AuctionProduct {
  id: number;
  name: string;
  thumbnail_url: string | null;
}
/**
 * Somebody as others see them.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Person".
 */
export interface Person {
  id: number;
  nickname: string;
}
/**
 * The leading bidder, by alias only.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Leader".
 */
export interface Leader {
  alias: number;
}
/**
 * The winning bidder's alias and the final price.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Winner".
 */
export interface Winner {
  alias: number;
  amount: number;
}
/**
 * The caller's own place in an auction.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Mine".
 */
export interface Mine {
  standing: "leading" | "lost" | "none" | "outbid" | "won";
  alias: number | null;
  maximum: number | null;
  watching: boolean;
}
/**
 * `POST /api/auctions/{id}/cancel`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionCancel".
 */
export interface AuctionCancel {
  reason?: string | null;
}
/**
 * `POST /api/auctions`. `ends_at` may be absent in live mode only.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionCreate".
 */
export interface AuctionCreate {
  product_id: number;
  starting_price: number;
  starts_at?: string | null;
  ends_at?: string | null;
  reserve_price?: number | null;
  buy_now_price?: number | null;
  soft_close?: SoftClose | null;
  mode?: "live" | "timed";
}
/**
 * How bids near the end move it (rule 12).
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "SoftClose".
 */
export interface SoftClose {
  window_s: number;
  extend_s: number;
  extensions_max: number;
}
/**
 * Query of `GET /api/auctions`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionQuery".
 */
export interface AuctionQuery {
  limit?: number;
  cursor?: string | null;
  status?: ("cancelled" | "closed" | "open" | "scheduled") | null;
  query?: string | null;
  sort?: "ending" | "newest" | "price";
}
/**
 * The changing part of an auction, as pushed in `auction.state` and `auction-event`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionState".
 */
export interface AuctionState {
  version: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  price: number;
  minimum_next_bid: number;
  bid_count: number;
  leader: Leader | null;
  reserve: "met" | "none" | "not_met";
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
  extensions: number;
  winner: Winner | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  last_ends_at: string;
  bids: PublicBid[];
  from_seq: number;
}
/**
 * An accepted bid as everybody may see it (rule 17).
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "PublicBid".
 */
export interface PublicBid {
  seq: number;
  amount: number;
  alias: number;
  automatic: boolean;
  /**
   * RFC 3339, UTC, milliseconds
   */
  at: string;
}
/**
 * The first frame; without a token the socket is a guest's.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Auth".
 */
export interface Auth {
  id: number;
  type: string;
  token?: string | null;
}
/**
 * `POST /api/auctions/{id}/bids`, its key in the header `Idempotency-Key`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidCreate".
 */
export interface BidCreate {
  amount: number;
  kind?: "exact" | "max";
  confirm?: boolean;
}
/**
 * Query of `GET /api/auctions/{id}/bids`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidHistoryQuery".
 */
export interface BidHistoryQuery {
  after_seq?: number;
  limit?: number;
  cursor?: string | null;
}
/**
 * The header `Idempotency-Key`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidKeyHeader".
 */
export interface BidKeyHeader {
  key: string;
}
/**
 * A bid.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidPlace".
 */
export interface BidPlace {
  id: number;
  type: string;
  auction_id: number;
  amount: number;
  key: string;
  kind?: "exact" | "max";
  confirm?: boolean;
}
/**
 * Asks what became of an own bid.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidStatus".
 */
export interface BidStatus {
  id: number;
  type: string;
  auction_id: number;
  key: string;
}
/**
 * What a client sends: unknown fields are refused.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Body".
 */
export interface Body {}
/**
 * One stored message; `seq` rises in the order of the log.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ChatMessage".
 */
export interface ChatMessage {
  seq: number;
  message_id: string;
  sender: Person;
  text: string;
  /**
   * RFC 3339, UTC, milliseconds
   */
  at: string;
}
/**
 * A chat message.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ChatSend".
 */
export interface ChatSend {
  id: number;
  type: string;
  room_id: number;
  text: string;
  key: string;
}
/**
 * What every client frame has: a rising `id`, named again as `re` in its answer.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ClientFrame".
 */
export interface ClientFrame {
  id: number;
  type: string;
}
/**
 * `POST /api/auth/login`. Any password may be tried, whatever its length.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Login".
 */
export interface Login {
  email: string;
  password: string;
  delivery?: "body" | "cookie";
}
/**
 * Something the user should know, until it is read.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Notice".
 */
export interface Notice {
  id: number;
  kind: "cancelled" | "ending_soon" | "lost" | "outbid" | "sold" | "unsold" | "won";
  auction_id: number;
  params: {
    [k: string]: number | string | null;
  };
  /**
   * RFC 3339, UTC, milliseconds
   */
  at: string;
}
/**
 * All notices up to this one have been seen.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "NoticeAck".
 */
export interface NoticeAck {
  id: number;
  type: string;
  up_to: number;
}
/**
 * `POST /api/me/notices/read`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "NoticesRead".
 */
export interface NoticesRead {
  up_to: number;
}
/**
 * What became of a bid, frozen as decided.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Outcome".
 */
export interface Outcome {
  status: "accepted" | "failed" | "pending" | "rejected";
  standing: ("leading" | "outbid") | null;
  code: string | null;
  seq: number | null;
  alias: number | null;
  price: number | null;
  minimum_next_bid: number | null;
  ends_at: string | null;
  decided_at: string | null;
}
/**
 * Query of every list.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Page".
 */
export interface Page {
  limit?: number;
  cursor?: string | null;
}
/**
 * A product.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Product".
 */
export interface Product {
  id: number;
  name: string;
  description: string;
  sale_type: "auction" | "direct";
  price: number | null;
  currency: "EUR" | "JPY" | "KRW" | "USD";
  seller: Person;
  is_seller: boolean;
  auction_id: number | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  created_at: string;
}
/**
 * `PATCH /api/products/{id}`: what is absent stays.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ProductChange".
 */
export interface ProductChange {
  name?: string;
  description?: string;
  price?: number;
}
/**
 * `POST /api/products`. A direct sale names its price, an auction does not.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ProductCreate".
 */
export interface ProductCreate {
  name: string;
  description: string;
  sale_type: "auction" | "direct";
  currency?: "EUR" | "JPY" | "KRW" | "USD";
  price?: number | null;
}
/**
 * Query of `GET /api/products`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ProductQuery".
 */
export interface ProductQuery {
  limit?: number;
  cursor?: string | null;
  query?: string | null;
  sale_type?: ("auction" | "direct") | null;
  seller_id?: number | null;
}
/**
 * Where a bid stands in the log: given only after the broker's acknowledgement.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Receipt".
 */
export interface Receipt {
  bid_id: string;
  key: string;
  auction_id: number;
  amount: number;
  kind: "exact" | "max";
  partition: number;
  offset: number;
  /**
   * RFC 3339, UTC, milliseconds
   */
  log_time: string;
}
/**
 * `POST /api/auth/refresh`, for clients without cookies.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Refresh".
 */
export interface Refresh {
  refresh_token?: string | null;
}
/**
 * `PATCH /api/auctions/{id}`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ReserveLower".
 */
export interface ReserveLower {
  reserve_price: number;
}
/**
 * A chat room as a member or a guest sees it.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Room".
 */
export interface Room {
  id: number;
  type: "auction";
  auction_id: number;
  name: string;
  member: boolean;
  members: number;
}
/**
 * `POST /api/rooms`: the one room of an auction.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "RoomCreate".
 */
export interface RoomCreate {
  type: "auction";
  auction_id: number;
}
/**
 * `POST /api/auth/signup`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Signup".
 */
export interface Signup {
  email: string;
  password: string;
  nickname: string;
}
/**
 * Asks for a snapshot and all that follows it.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Subscribe".
 */
export interface Subscribe {
  id: number;
  type: string;
  channel: string;
  after_seq?: number | null;
}
/**
 * Asks for the server's clock.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Time".
 */
export interface Time {
  id: number;
  type: string;
  client_ms: number;
}
/**
 * Log-in and refresh.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Tokens".
 */
export interface Tokens {
  access_token: string;
  expires_in: number;
  user: User;
  refresh_token?: string;
  token_type?: "Bearer";
}
/**
 * The signed-in user.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "User".
 */
export interface User {
  id: number;
  email: string;
  nickname: string;
  role: "admin" | "user";
  providers: string[];
}
/**
 * Ends a subscription.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Unsubscribe".
 */
export interface Unsubscribe {
  id: number;
  type: string;
  channel: string;
}
/**
 * `{user}`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "UserAnswer".
 */
export interface UserAnswer {
  user: User;
}
