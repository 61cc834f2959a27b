/** Frames of the socket, put together from the generated types; `type` tells them apart. */
import type {
  AuctionPresence,
  AuctionStatePush,
  AuctionsPrice,
  Auth,
  BidPlace,
  BidReceived,
  BidRefused,
  BidResult,
  BidStatus,
  BidStatusAnswer,
  BidUnknown,
  Bye,
  ChatMessagePush,
  ChatPresence,
  ChatReceived,
  ChatSend,
  ChatUnknown,
  NoticeAck,
  NoticeAcked,
  NoticePush,
  Subscribe,
  SubscribedAuction,
  SubscribedAuctions,
  SubscribedRoom,
  Time,
  TimeAnswer,
  Unsubscribe,
  Unsubscribed,
  Welcome,
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

type Head = "type" | "re" | "channel";

/** A snapshot: which parts it has depends on the channel. */
export type Subscribed = Pick<SubscribedAuction, Head> &
  Partial<Omit<SubscribedAuction, Head>> &
  Partial<Omit<SubscribedAuctions, Head>> &
  Partial<Omit<SubscribedRoom, Head>>;

/** What answers a frame, by the type of the frame asked with; any may be an error instead. */
export interface Answers {
  auth: Welcome;
  time: TimeAnswer;
  subscribe: Subscribed;
  unsubscribe: Unsubscribed;
  "bid.place": BidReceived | BidUnknown;
  "bid.status": BidStatusAnswer;
  "chat.send": ChatReceived | ChatUnknown;
  "notice.ack": NoticeAcked;
}

/** What the server says unasked. */
export type PushFrame =
  | BidResult
  | BidRefused
  | AuctionStatePush
  | AuctionsPrice
  | ChatMessagePush
  | ChatPresence
  | AuctionPresence
  | NoticePush
  | Bye;
