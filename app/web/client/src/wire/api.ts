/** Every call of the HTTP API the page makes, typed by the generated resources. */
import type {
  Auction,
  AuctionCancel,
  AuctionCreate,
  Bid,
  BidCreate,
  Block,
  EmailChange,
  Erase,
  Forgot,
  Identities,
  IdentityItem,
  Login,
  Notice,
  Outcome,
  PasswordChange,
  Product,
  ProductCreate,
  PublicBid,
  Receipt,
  Reset,
  Room,
  Session,
  Signup,
  Tokens,
  UserAnswer,
  Verify,
} from "../protocol/generated";
import type { Http } from "./http";

/** A refresh is bounded closely: until it is answered nobody knows who is before the page. */
const REFRESH_TIMEOUT_MS = 5_000;
/** An auction read in place of a live connection is asked for again soon. */
const POLL_TIMEOUT_MS = 4_000;
/** How long the server waits for a bid's outcome before it answers with the receipt alone. */
const OUTCOME_WAIT_S = 3;

export interface Listed<T> {
  items: T[];
  next_cursor: string | null;
}

export interface AuctionFilter {
  status?: Auction["status"] | undefined;
  query?: string | undefined;
  sort?: "ending" | "newest" | "price" | undefined;
  cursor?: string | undefined;
  limit?: number | undefined;
}

export class Api {
  constructor(private readonly http: Http) {}

  signup = (body: Signup) => this.post<UserAnswer>("/api/auth/signup", body);
  login = (body: Login) => this.post<Tokens>("/api/auth/login", body);
  refresh = () =>
    this.http.call<Tokens>("/api/auth/refresh", {
      method: "POST",
      body: {},
      timeoutMs: REFRESH_TIMEOUT_MS,
      keepalive: true, // else a reload loses the new cookie, and with it the session
    });
  sessions = (cursor: string | undefined, limit: number) =>
    this.http.call<Listed<Session>>("/api/me/sessions", { query: { cursor, limit } });
  endSession = (id: number) => this.http.call<null>(`/api/me/sessions/${id}`, { method: "DELETE" });
  endOtherSessions = () => this.http.call<null>("/api/me/sessions", { method: "DELETE" });
  changePassword = (body: PasswordChange) => this.post<null>("/api/me/password", body);
  identities = () => this.http.call<Identities>("/api/me/identities");
  /** Links what a provider has just confirmed to this browser. */
  linkIdentity = () => this.http.call<Identities>("/api/me/identities", { method: "POST" });
  unlinkIdentity = (provider: IdentityItem["provider"]) =>
    this.http.call<null>(`/api/me/identities/${provider}`, { method: "DELETE" });
  verify = (body: Verify) => this.post<null>("/api/auth/verify", body);
  changeEmail = (body: EmailChange) =>
    this.http.call<null>("/api/me/email", { method: "PUT", body });
  askProof = () => this.post<null>("/api/me/verification", {});
  forgot = (body: Forgot) => this.post<null>("/api/auth/forgot", body);
  reset = (body: Reset) => this.post<null>("/api/auth/reset", body);
  erase = (body: Erase) => this.http.call<null>("/api/me", { method: "DELETE", body });
  logout = () => this.post<null>("/api/auth/logout", {});

  auctions = (filter: AuctionFilter) =>
    this.http.call<Listed<Auction>>("/api/auctions", { query: { ...filter } });
  auction = (id: number) => this.http.call<Auction>(`/api/auctions/${id}`);
  bidsAfter = (id: number, afterSeq: number) =>
    this.http.call<Listed<PublicBid>>(`/api/auctions/${id}/bids`, {
      query: { after_seq: afterSeq, limit: 100 },
    });
  /** As `auction`, for who asks again every few seconds. */
  auctionNow = (id: number) =>
    this.http.call<Auction>(`/api/auctions/${id}`, { timeoutMs: POLL_TIMEOUT_MS });
  placeBid = (auctionId: number, key: string, body: BidCreate) =>
    this.http.call<Receipt & Partial<Outcome>>(`/api/auctions/${auctionId}/bids`, {
      method: "POST",
      body,
      headers: { "Idempotency-Key": key, Prefer: `wait=${OUTCOME_WAIT_S}` },
    });
  bid = (bidId: string) => this.http.call<Bid>(`/api/bids/${bidId}`);
  myBids = (cursor: string | undefined, limit: number) =>
    this.http.call<Listed<Auction>>("/api/me/bids", { query: { cursor, limit } });
  notices = (cursor: string | undefined, limit: number) =>
    this.http.call<Listed<Notice>>("/api/me/notices", { query: { cursor, limit } });
  createProduct = (body: ProductCreate) => this.post<Product>("/api/products", body);
  createAuction = (body: AuctionCreate) => this.post<Auction>("/api/auctions", body);

  blocks = (cursor: string | undefined) =>
    this.http.call<Listed<Block>>("/api/me/blocks", { query: { cursor, limit: 100 } });
  block = (userId: number) => this.http.call<null>(`/api/me/blocks/${userId}`, { method: "PUT" });
  unblock = (userId: number) =>
    this.http.call<null>(`/api/me/blocks/${userId}`, { method: "DELETE" });

  lowerReserve = (id: number, reserve_price: number) =>
    this.http.call<Auction>(`/api/auctions/${id}`, { method: "PATCH", body: { reserve_price } });
  cancel = (id: number, body: AuctionCancel) =>
    this.post<Auction>(`/api/auctions/${id}/cancel`, body);

  auctionRoom = (auctionId: number) =>
    this.post<Room>("/api/rooms", { type: "auction", auction_id: auctionId });
  joinRoom = (id: number) => this.post<unknown>(`/api/rooms/${id}/join`, {});

  private post<T>(path: string, body: object): Promise<T> {
    return this.http.call<T>(path, { method: "POST", body });
  }
}
