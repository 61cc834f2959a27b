/** The protocol's types under one name each. */
import type { Auction, BidPlace } from "./generated";

export type * from "./frames";
export type * from "./generated";

export type Currency = Auction["currency"];
export type BidKind = NonNullable<BidPlace["kind"]>;
export type AuctionStatus = Auction["status"];
