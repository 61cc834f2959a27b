/** Every call of the HTTP API the page makes, typed by the generated resources. */
import type {
  Auction,
  AuctionCancel,
  AuctionCreate,
  Login,
  Notice,
  Product,
  ProductCreate,
  PublicBid,
  Room,
  Signup,
  Tokens,
  UserAnswer,
} from "../protocol/generated";
import type { Http } from "./http";

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
  refresh = () => this.post<Tokens>("/api/auth/refresh", {});
  logout = () => this.post<null>("/api/auth/logout", {});

  auctions = (filter: AuctionFilter) =>
    this.http.call<Listed<Auction>>("/api/auctions", { query: { ...filter } });
  auction = (id: number) => this.http.call<Auction>(`/api/auctions/${id}`);
  bidsAfter = (id: number, afterSeq: number) =>
    this.http.call<Listed<PublicBid>>(`/api/auctions/${id}/bids`, {
      query: { after_seq: afterSeq, limit: 100 },
    });
  myBids = (cursor: string | undefined, limit: number) =>
    this.http.call<Listed<Auction>>("/api/me/bids", { query: { cursor, limit } });
  notices = (cursor: string | undefined, limit: number) =>
    this.http.call<Listed<Notice>>("/api/me/notices", { query: { cursor, limit } });
  createProduct = (body: ProductCreate) => this.post<Product>("/api/products", body);
  createAuction = (body: AuctionCreate) => this.post<Auction>("/api/auctions", body);
  product = (id: number) => this.http.call<Product>(`/api/products/${id}`);

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
