/** Generated from app/protocol by `npm run protocol`: change it there. */

export interface Protocol {}
/**
 * An account as admins see it.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AdminUser".
 */
export interface AdminUser {
  id: number;
  email: string | null;
  nickname: string;
  role: "admin" | "moderator" | "user";
  status: "active" | "banned" | "suspended";
  email_proved: boolean;
  /**
   * RFC 3339, UTC, milliseconds
   */
  created_at: string;
  bid_limits: {
    [k: string]: number;
  };
}
/**
 * To the client's frame with the id `re`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Answer".
 */
export interface Answer {
  type: "Answer";
  re: number;
}
/**
 * The full resource. `mine` only for a signed-in caller; `winner_user` only for the seller
 *     and the winner. `buy_now_price` is null once it can no longer be bought at.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Auction".
 */
export interface Auction {
  price: number;
  bid_count: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
  version: number;
  minimum_next_bid: number | null;
  leader: Leader | null;
  reserve: "met" | "none" | "not_met";
  extensions: number;
  winner: Winner | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  last_ends_at: string;
  voided?: number[];
  id: number;
  mode: "live" | "timed";
  product: AuctionProduct;
  seller: Person;
  currency: "EUR" | "JPY" | "KRW" | "USD";
  starting_price: number;
  buy_now_price: number | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  starts_at: string;
  /**
   * RFC 3339, UTC, milliseconds
   */
  scheduled_ends_at: string;
  closed_at: string | null;
  mine?: Mine;
  winner_user?: Person;
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
 * The product of an auction as it was when it was put up; text and pictures not in lists.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionProduct".
 */
export interface AuctionProduct {
  id: number;
  name: string;
  thumbnail_url: string | null;
  description?: string;
  pictures?: Picture[];
}
/**
 * A picture of a product.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Picture".
 */
export interface Picture {
  url: string;
  thumbnail_url: string;
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
 * The caller's own place in an auction.
 *
 *     `limit` is the most they may bid on it; `blocked`: the seller lets them bid on nothing.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Mine".
 */
export interface Mine {
  standing: "leading" | "lost" | "none" | "outbid" | "won";
  alias: number | null;
  maximum: number | null;
  watching: boolean;
  limit: number;
  blocked: boolean;
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
 * How many watch an auction.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionPresence".
 */
export interface AuctionPresence {
  type: "auction.presence";
  channel: string;
  watching: number;
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
 * The state as pushed in `auction.state` and `auction-event`, with its newest bids, ascending.
 *
 *     `from_seq` is the first of their seqs, or the next one when there are none.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionState".
 */
export interface AuctionState {
  price: number;
  bid_count: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
  version: number;
  minimum_next_bid: number | null;
  leader: Leader | null;
  reserve: "met" | "none" | "not_met";
  extensions: number;
  winner: Winner | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  last_ends_at: string;
  voided?: number[];
  bids: PublicBid[];
  from_seq: number;
}
/**
 * An accepted bid as everybody may see it (rule 17).
 *
 *     `voided` is there, and true, when the bid counts no more (rule 20).
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
  voided?: boolean;
}
/**
 * The state after `version`, and the bids accepted since the last push.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionStatePush".
 */
export interface AuctionStatePush {
  type: "auction.state";
  price: number;
  bid_count: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
  version: number;
  minimum_next_bid: number | null;
  leader: Leader | null;
  reserve: "met" | "none" | "not_met";
  extensions: number;
  winner: Winner | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  last_ends_at: string;
  voided?: number[];
  bids: PublicBid[];
  from_seq: number;
  channel: string;
  auction_id: number;
}
/**
 * `POST /api/admin/auctions/{id}/void`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionVoid".
 */
export interface AuctionVoid {
  bidder_id: number;
  reason: string;
}
/**
 * The auctions that changed since the last push.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "AuctionsPrice".
 */
export interface AuctionsPrice {
  type: "auctions.price";
  items: PriceItem[];
}
/**
 * An auction's line in the list.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "PriceItem".
 */
export interface PriceItem {
  price: number;
  bid_count: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
  id: number;
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
 * A receipt and an outcome, flattened.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Bid".
 */
export interface Bid {
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
 * Headers of `POST /api/auctions/{id}/bids`; `prefer` may say `wait=N` (RFC 7240).
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidHeaders".
 */
export interface BidHeaders {
  "Idempotency-Key": string;
  Prefer?: string;
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
 * Bid limits by currency, in minor units: what is absent stays.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidLimitChange".
 */
export interface BidLimitChange {
  KRW?: number;
  JPY?: number;
  USD?: number;
  EUR?: number;
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
 * To `bid.place`: the log has it; this is the receipt.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidReceived".
 */
export interface BidReceived {
  type: "bid.received";
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
  re: number;
}
/**
 * The key named another bid; that one stays as it was.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidRefused".
 */
export interface BidRefused {
  type: "bid.refused";
  key: string;
  amount: number;
  kind: "exact" | "max";
  partition: number;
  offset: number;
  code: string;
  auction_id: number;
}
/**
 * The outcome of a bid, to every socket of its bidder.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidResult".
 */
export interface BidResult {
  type: "bid.result";
  status: "accepted" | "failed" | "pending" | "rejected";
  standing: ("leading" | "outbid") | null;
  code: string | null;
  seq: number | null;
  alias: number | null;
  price: number | null;
  minimum_next_bid: number | null;
  ends_at: string | null;
  decided_at: string | null;
  bid_id: string;
  key: string;
  auction_id: number;
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
 * To `bid.status`: receipt and outcome, flattened; only `status` when it is `unknown`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidStatusAnswer".
 */
export interface BidStatusAnswer {
  type: "bid.status";
  re: number;
  auction_id: number;
  key: string;
  status: "accepted" | "failed" | "pending" | "rejected" | "unknown";
  bid_id?: string;
  amount?: number;
  kind?: "exact" | "max";
  partition?: number;
  offset?: number;
  /**
   * RFC 3339, UTC, milliseconds
   */
  log_time?: string;
  standing?: ("leading" | "outbid") | null;
  code?: string | null;
  seq?: number | null;
  alias?: number | null;
  price?: number | null;
  minimum_next_bid?: number | null;
  ends_at?: string | null;
  decided_at?: string | null;
}
/**
 * To `bid.place`: no acknowledgement in time; the bid may still arrive.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "BidUnknown".
 */
export interface BidUnknown {
  type: "bid.unknown";
  re: number;
  key: string;
}
/**
 * Somebody who may not bid on the caller's auctions.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Block".
 */
export interface Block {
  user: Person;
  /**
   * RFC 3339, UTC, milliseconds
   */
  created_at: string;
}
/**
 * What a client sends: unknown fields are refused.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Body".
 */
export interface Body {}
/**
 * The socket is about to close; come back after `retry_after_ms`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Bye".
 */
export interface Bye {
  type: "bye";
  code: number;
  retry_after_ms: number;
}
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
 * A message in a room.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ChatMessagePush".
 */
export interface ChatMessagePush {
  type: "chat.message";
  seq: number;
  message_id: string;
  sender: Person;
  text: string;
  /**
   * RFC 3339, UTC, milliseconds
   */
  at: string;
  channel: string;
}
/**
 * How many are in a room, and its newest message.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ChatPresence".
 */
export interface ChatPresence {
  type: "chat.presence";
  channel: string;
  online: number;
  last_seq: number;
}
/**
 * To `chat.send`: the log has it.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ChatReceived".
 */
export interface ChatReceived {
  type: "chat.received";
  re: number;
  message_id: string;
  room_id: number;
  key: string;
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
 * To `chat.send`: no acknowledgement in time; it may still arrive.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "ChatUnknown".
 */
export interface ChatUnknown {
  type: "chat.unknown";
  re: number;
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
 * `PUT /api/me/email`. Who has no password has logged in just before instead.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "EmailChange".
 */
export interface EmailChange {
  email: string;
  password?: string | null;
}
/**
 * `DELETE /api/me`. Who has no password has logged in just before instead.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Erase".
 */
export interface Erase {
  password?: string | null;
}
/**
 * `POST /api/auth/forgot`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Forgot".
 */
export interface Forgot {
  email: string;
}
/**
 * The frame was not carried out; `retry` says whether the same again may help.
 *
 *     Without `re` it was a control frame, or a part of a message: `RATE_LIMITED`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "FrameError".
 */
export interface FrameError {
  type: "error";
  re?: number;
  code: string;
  detail: string;
  retry?: boolean;
  retry_after_ms?: number;
  field?: string;
}
/**
 * What a client should keep to.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "FrameLimits".
 */
export interface FrameLimits {
  frame_bytes_max: number;
  frames_per_s_max: number;
  subscriptions_max: number;
}
/**
 * `GET /api/me/identities`, by provider.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Identities".
 */
export interface Identities {
  items: IdentityItem[];
}
/**
 * A log-in by a provider that is linked to an account.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "IdentityItem".
 */
export interface IdentityItem {
  provider: "google" | "kakao" | "naver";
  /**
   * RFC 3339, UTC, milliseconds
   */
  linked_at: string;
}
/**
 * `{items, next_cursor}`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Listed".
 */
export interface Listed {
  items: unknown[];
  next_cursor: string | null;
}
/**
 * `POST /api/auth/login`.
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
 * Something the user should know, until it is read; `params` always name the `product`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Notice".
 */
export interface Notice {
  id: number;
  kind: "cancelled" | "ending_soon" | "leading" | "lost" | "outbid" | "sold" | "unsold" | "voided" | "won";
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
 * To `notice.ack`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "NoticeAcked".
 */
export interface NoticeAcked {
  type: "notice.acked";
  re: number;
  up_to: number;
}
/**
 * Something the user should know, until it is acknowledged.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "NoticePush".
 */
export interface NoticePush {
  type: "notice";
  id: number;
  kind: "cancelled" | "ending_soon" | "leading" | "lost" | "outbid" | "sold" | "unsold" | "voided" | "won";
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
 * `POST /api/me/password`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "PasswordChange".
 */
export interface PasswordChange {
  current: string;
  password: string;
}
/**
 * What a list shows of an auction's state.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "PriceState".
 */
export interface PriceState {
  price: number;
  bid_count: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
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
  seller_id?: number;
}
/**
 * The changing part of an auction.
 *
 *     `minimum_next_bid` is null when nobody but the leader can bid any more (10^12 is reached).
 *     `voided` are the aliases of bidders whose bids count no more (rule 20); absent when there are
 *     none.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "PublicState".
 */
export interface PublicState {
  price: number;
  bid_count: number;
  status: "cancelled" | "closed" | "open" | "scheduled";
  /**
   * RFC 3339, UTC, milliseconds
   */
  ends_at: string;
  version: number;
  minimum_next_bid: number | null;
  leader: Leader | null;
  reserve: "met" | "none" | "not_met";
  extensions: number;
  winner: Winner | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  last_ends_at: string;
  voided?: number[];
}
/**
 * A frame that answers none of the client's.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Push".
 */
export interface Push {
  type: "Push";
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
 * A record whose key named another bid, which stays as it was.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Refusal".
 */
export interface Refusal {
  key: string;
  amount: number;
  kind: "exact" | "max";
  partition: number;
  offset: number;
  code: string;
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
 * `POST /api/auth/reset`: the token of the mail, and the new password.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Reset".
 */
export interface Reset {
  token: string;
  password: string;
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
 * A sign-in of the caller's; `device` is what the browser said about itself, at most 200
 *     characters, `address` where it was used last: an IPv4 address or the /64 of an IPv6 one.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Session".
 */
export interface Session {
  id: number;
  device: string;
  address: string | null;
  /**
   * RFC 3339, UTC, milliseconds
   */
  created_at: string;
  /**
   * RFC 3339, UTC, milliseconds
   */
  last_used_at: string;
  current: boolean;
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
  language?: "en" | "ko";
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
 * To `subscribe` of `auction:{id}`: the resource and its newest bids, ascending.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "SubscribedAuction".
 */
export interface SubscribedAuction {
  type: "subscribed";
  re: number;
  channel: string;
  auction: Auction;
  bids: PublicBid[];
}
/**
 * To `subscribe` of `auctions`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "SubscribedAuctions".
 */
export interface SubscribedAuctions {
  type: "subscribed";
  re: number;
  channel: string;
  items: PriceItem[];
}
/**
 * To `subscribe` of `room:{id}`; `truncated`: there were more, these are the newest.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "SubscribedRoom".
 */
export interface SubscribedRoom {
  type: "subscribed";
  re: number;
  channel: string;
  messages: ChatMessage[];
  seq: number;
  members_online: number;
  truncated: boolean;
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
 * To `time`, in epoch milliseconds.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "TimeAnswer".
 */
export interface TimeAnswer {
  type: "time";
  re: number;
  client_ms: number;
  server_ms: number;
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
  email: string | null;
  nickname: string;
  role: "admin" | "moderator" | "user";
  providers: string[];
  status: "active" | "banned" | "suspended";
  email_proved: boolean;
  has_password: boolean;
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
 * To `unsubscribe`.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Unsubscribed".
 */
export interface Unsubscribed {
  type: "unsubscribed";
  re: number;
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
/**
 * `PATCH /api/admin/users/{id}`: what is absent stays.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "UserChange".
 */
export interface UserChange {
  status?: "active" | "banned" | "suspended";
  role?: "admin" | "moderator" | "user";
  bid_limits?: BidLimitChange;
}
/**
 * Query of `GET /api/admin/users`: words of the e-mail or the nickname.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "UserQuery".
 */
export interface UserQuery {
  limit?: number;
  cursor?: string | null;
  query?: string | null;
  role?: ("admin" | "moderator" | "user") | null;
  status?: ("active" | "banned" | "suspended") | null;
}
/**
 * `POST /api/auth/verify`: the token of the mail.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Verify".
 */
export interface Verify {
  token: string;
}
/**
 * To `auth`; `user` is null for a guest.
 *
 * This interface was referenced by `Protocol`'s JSON-Schema
 * via the `definition` "Welcome".
 */
export interface Welcome {
  type: "welcome";
  re: number;
  connection_id: string;
  user: Person | null;
  server_ms: number;
  ping_s: number;
  limits: FrameLimits;
}
