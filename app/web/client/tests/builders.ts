/** Resources as the server sends them, whole; a test names only what it is about. */
import type { Auction, BidResult, Mine, Notice, Tokens, User } from "../src/protocol";

export const SOO: User = {
  id: 11,
  email: "soo@example.org",
  nickname: "Soo",
  role: "user",
  providers: [],
  status: "active",
  email_proved: true,
  has_password: true,
};

export function tokens(change: Partial<Tokens> = {}): Tokens {
  return {
    access_token: "token",
    token_type: "Bearer",
    expires_in: 600,
    user: SOO,
    ...change,
  } as Tokens;
}

/** The place of somebody who has not bid and may bid anything. */
export const MINE: Mine = {
  standing: "none",
  alias: null,
  maximum: null,
  watching: false,
  limit: 1_000_000_000_000,
  blocked: false,
};

/** An open auction of somebody else's, at 10,000 won, without a bid of the viewer. */
export function auction(change: Partial<Auction> = {}): Auction {
  return {
    id: 7,
    version: 3,
    status: "open",
    mode: "timed",
    product: { id: 70, name: "Moon jar", thumbnail_url: null },
    seller: { id: 1, nickname: "Mina" },
    currency: "KRW",
    starting_price: 1_000,
    price: 10_000,
    minimum_next_bid: 11_000,
    bid_count: 3,
    leader: { alias: 3 },
    reserve: "none",
    buy_now_price: null,
    starts_at: "2030-01-01T00:00:00.000Z",
    ends_at: "2030-01-02T00:00:00.000Z",
    scheduled_ends_at: "2030-01-02T00:00:00.000Z",
    last_ends_at: "2030-01-02T02:00:00.000Z",
    extensions: 0,
    winner: null,
    closed_at: null,
    mine: { ...MINE },
    ...change,
  } as Auction;
}

/** The outcome of a bid that leads. */
export function bidResult(key: string, change: Partial<BidResult> = {}): BidResult {
  return {
    type: "bid.result",
    bid_id: "b",
    key,
    auction_id: 7,
    status: "accepted",
    standing: "leading",
    code: null,
    seq: 4,
    alias: 4,
    price: 11_000,
    minimum_next_bid: 12_000,
    ends_at: null,
    decided_at: null,
    ...change,
  };
}

export function notice(change: Partial<Notice> = {}): Notice {
  return {
    id: 1,
    kind: "outbid",
    auction_id: 7,
    params: {},
    at: "2030-01-01T00:00:00.000Z",
    ...change,
  } as Notice;
}
