/** Frames of the socket, put together from the generated types; `type` tells them apart. */
import type {
  Auction,
  AuctionState,
  Auth,
  BidPlace,
  BidStatus,
  ChatMessage,
  ChatSend,
  Notice,
  NoticeAck,
  Outcome,
  PublicBid,
  Receipt,
  Subscribe,
  Time,
  Unsubscribe,
  User,
} from "./generated";

type Sent<Type extends string, Body> = Omit<Body, "id" | "type"> & { type: Type };

/** What a client may send; the wire adds `id`. */
export type ClientMessage =
  | Sent<"auth", Auth>
  | Sent<"time", Time>
  | Sent<"subscribe", Subscribe>
  | Sent<"unsubscribe", Unsubscribe>
  | Sent<"bid.place", BidPlace>
  | Sent<"bid.status", BidStatus>
  | Sent<"chat.send", ChatSend>
  | Sent<"notice.ack", NoticeAck>;

export type AuctionPrice = Pick<Auction, "id" | "price" | "bid_count" | "status" | "ends_at">;

export interface Welcome {
  type: "welcome";
  connection_id: string;
  user: Pick<User, "id" | "nickname"> | null;
  server_ms: number;
  ping_s: number;
  limits: Record<string, number>;
}
export interface TimeAnswer {
  type: "time";
  client_ms: number;
  server_ms: number;
}
export interface Subscribed {
  type: "subscribed";
  channel: string;
  auction?: Auction;
  bids?: PublicBid[];
  items?: AuctionPrice[];
  messages?: ChatMessage[];
  seq?: number;
  members_online?: number;
  truncated?: boolean;
}
export type BidReceived = { type: "bid.received" } & Receipt;
export interface BidUnknown {
  type: "bid.unknown";
  key: string;
}
export type BidStatusAnswer = {
  type: "bid.status";
  auction_id: number;
  key: string;
  status: Outcome["status"] | "unknown";
} & Partial<Receipt> &
  Partial<Omit<Outcome, "status">>;
export interface ChatReceived {
  type: "chat.received";
  message_id: string;
  room_id: number;
  key: string;
}
export interface ChatUnknown {
  type: "chat.unknown";
  key: string;
}
export interface ErrorAnswer {
  type: "error";
  code: string;
  detail: string;
  retry: boolean;
  retry_after_ms?: number;
  field?: string;
}

/** What answers a frame, by the type of the frame asked with; any may be an error instead. */
export interface Answers {
  auth: Welcome;
  time: TimeAnswer;
  subscribe: Subscribed;
  unsubscribe: { type: "unsubscribed"; channel: string };
  "bid.place": BidReceived | BidUnknown;
  "bid.status": BidStatusAnswer;
  "chat.send": ChatReceived | ChatUnknown;
  "notice.ack": { type: "notice.acked"; up_to: number };
}

export type BidResult = {
  type: "bid.result";
  bid_id: string;
  key: string;
  auction_id: number;
} & Outcome;
export interface BidRefused {
  type: "bid.refused";
  key: string;
  auction_id: number;
  amount: number;
  kind: Receipt["kind"];
  partition: number;
  offset: number;
  code: "KEY_REUSED";
}
export type AuctionStatePush = {
  type: "auction.state";
  channel: string;
  auction_id: number;
} & AuctionState;
export interface AuctionsPrice {
  type: "auctions.price";
  items: AuctionPrice[];
}
export type ChatMessagePush = { type: "chat.message"; channel: string } & ChatMessage;
export interface ChatPresence {
  type: "chat.presence";
  channel: string;
  online: number;
  last_seq: number;
}
export interface AuctionPresence {
  type: "auction.presence";
  channel: string;
  watching: number;
}
export type NoticePush = { type: "notice" } & Notice;
export interface Bye {
  type: "bye";
  code: number;
  retry_after_ms: number;
}

/** What the server says unasked. */
export type Push =
  | BidResult
  | BidRefused
  | AuctionStatePush
  | AuctionsPrice
  | ChatMessagePush
  | ChatPresence
  | AuctionPresence
  | NoticePush
  | Bye;
