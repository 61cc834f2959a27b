/**
 * Every bid made from this page, until its outcome is known (wire.md: receipts, outcomes, status).
 * Without an open socket bids go over HTTP, under the same keys.
 *
 * Guarantees: a bid is sent again only under its own key, so never becomes two; each bid without an
 * outcome is asked after when the socket comes back and every 5 s.
 */

import type {
  Answers,
  BidKind,
  BidRefused,
  BidResult,
  BidStatusAnswer,
  ClientMessage,
  Outcome,
  Receipt,
} from "../protocol";
import { HttpProblem } from "./http";
import { reasonOf } from "./refusals";
import { WireError } from "./socket";

export const ASK_AFTER_MS = 5_000;
/** A bid this old is not sent again by itself: its bidder may have changed their mind. */
export const RESEND_WITHIN_MS = 10_000;

/** `unknown`: its fate is not known; `missing`: the house answered that it has not seen it so far. */
export type BidStage = "sending" | "received" | "unknown" | "missing" | "decided" | "error";

export interface TrackedBid {
  key: string;
  auctionId: number;
  amount: number;
  kind: BidKind;
  confirm: boolean;
  stage: BidStage;
  /** Its name at the server, once a receipt has told. */
  bidId: string | null;
  placedMs: number;
  outcome: Outcome | null;
  /** Why the bid did not enter the log, when `stage` is error. */
  error: string | null;
}

export type Offer = Pick<TrackedBid, "auctionId" | "amount" | "kind" | "confirm">;

interface Requests {
  readonly isOpen: boolean;
  request<F extends ClientMessage>(frame: F): Promise<Answers[F["type"]]>;
}

/** Bids over HTTP: a receipt, with the outcome when it is there in time. */
interface HttpBids {
  placeBid(
    auctionId: number,
    key: string,
    body: { amount: number; kind: BidKind; confirm: boolean },
  ): Promise<Receipt & Partial<Outcome>>;
  bid(bidId: string): Promise<Outcome>;
}

export interface BidBookOptions {
  wire: Requests;
  http: HttpBids;
  newKey: () => string;
  nowMs: () => number;
  onChange: (bid: TrackedBid) => void;
}

export class BidBook {
  private readonly bids = new Map<string, TrackedBid>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Keys of bids of which an earlier send may be in the log, whatever becomes of a later one. */
  private readonly unconfirmed = new Set<string>();

  constructor(private readonly options: BidBookOptions) {}

  /** Sends a new bid; its further life is told by `onChange`. */
  place(offer: Offer): TrackedBid {
    const bid: TrackedBid = {
      ...offer,
      key: this.options.newKey(),
      stage: "sending",
      bidId: null,
      placedMs: this.options.nowMs(),
      outcome: null,
      error: null,
    };
    this.update(bid);
    void this.send(bid.key);
    return bid;
  }

  /** Sends a bid of unknown fate again, under its own key. */
  repeat(key: string): void {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    this.update({ ...bid, stage: "sending", placedMs: this.options.nowMs() });
    void this.send(key);
  }

  /** The socket is open again: asks after every bid without an outcome. */
  reconnected(): void {
    for (const bid of this.bids.values()) if (!isSettled(bid)) void this.ask(bid.key);
  }

  /** Takes up bids another life of this page left without an outcome; `reconnected` asks after them. */
  restore(bids: readonly TrackedBid[]): void {
    for (const bid of bids) {
      if (this.bids.has(bid.key)) continue;
      this.unconfirmed.add(bid.key);
      this.update({ ...bid, stage: "unknown" });
    }
  }

  /** Forgets everything, as when another user signs in. */
  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.unconfirmed.clear();
    this.bids.clear();
  }

  /** Takes in `bid.result`; a bid from another tab or device is not ours to follow. */
  result({ type: _, bid_id: __, key, auction_id: ___, ...outcome }: BidResult): void {
    this.decide(key, outcome);
  }

  /** Takes in `bid.refused`: the key named another bid. */
  refused(push: BidRefused): void {
    const bid = this.bids.get(push.key);
    if (bid && bid.amount === push.amount && bid.kind === push.kind) this.fail(bid, push.code);
  }

  private async send(key: string): Promise<void> {
    const bid = this.bids.get(key);
    if (!bid) return;
    try {
      if (this.options.wire.isOpen) await this.sendFrame(bid);
      else await this.sendCall(bid);
    } catch (error) {
      this.sendFailed(key, error);
    }
  }

  private async sendFrame({ auctionId, amount, kind, confirm, key }: TrackedBid): Promise<void> {
    const answer = await this.options.wire.request({
      type: "bid.place",
      auction_id: auctionId,
      amount,
      kind,
      confirm,
      key,
    });
    if (answer.type === "bid.received") this.receive(key, answer.bid_id);
    else {
      this.unconfirmed.add(key);
      this.advance(key, "unknown");
    }
  }

  private async sendCall({ auctionId, amount, kind, confirm, key }: TrackedBid): Promise<void> {
    const answer = await this.options.http.placeBid(auctionId, key, { amount, kind, confirm });
    const { status, ...rest } = answer;
    this.receive(key, answer.bid_id);
    if (status !== undefined) this.decide(key, outcomeOf(status, rest));
  }

  private receive(key: string, bidId: string): void {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    this.bids.set(key, { ...bid, bidId });
    this.advance(key, "received");
  }

  private sendFailed(key: string, error: unknown): void {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    if (!isRefusal(error)) throw error;
    if (MAY_HAVE_ARRIVED.has(error.code)) this.unconfirmed.add(key);
    if (this.unconfirmed.has(key)) this.advance(key, "unknown");
    else this.fail(bid, reasonOf(error));
  }

  private async ask(key: string): Promise<void> {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    this.askLater(key);
    try {
      this.told(key, await this.statusOf(bid));
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  /** Null when there is no way to ask: HTTP knows a bid only by the id in its receipt. */
  private async statusOf({ auctionId, key, bidId }: TrackedBid): Promise<Told | null> {
    if (this.options.wire.isOpen) {
      return this.options.wire.request({ type: "bid.status", auction_id: auctionId, key });
    }
    if (bidId === null) return null;
    return this.options.http.bid(bidId);
  }

  private told(key: string, answer: Told | null): void {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    if (answer && answer.status !== "unknown") {
      const { status, ...rest } = answer;
      this.decide(key, outcomeOf(status, rest));
    } else if (this.options.nowMs() - bid.placedMs < RESEND_WITHIN_MS) void this.send(key);
    else this.advance(key, answer ? "missing" : "unknown");
  }

  private advance(key: string, stage: BidStage): void {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    this.update({ ...bid, stage });
    this.askLater(key);
  }

  /** Only a failed bid may be decided anew (wire.md, `bid.result`). */
  private decide(key: string, outcome: Outcome): void {
    const bid = this.bids.get(key);
    if (!bid || (bid.outcome && bid.outcome.status !== "failed")) return;
    if (outcome.status === "pending") this.advance(key, "received");
    else {
      this.update({ ...bid, stage: "decided", outcome, error: null });
      this.quiet(key);
    }
  }

  private fail(bid: TrackedBid, code: string): void {
    this.update({ ...bid, stage: "error", error: code });
    this.quiet(bid.key);
  }

  private update(bid: TrackedBid): void {
    this.bids.set(bid.key, bid);
    this.options.onChange(bid);
  }

  private askLater(key: string): void {
    this.quiet(key);
    this.timers.set(
      key,
      setTimeout(() => void this.ask(key), ASK_AFTER_MS),
    );
  }

  private quiet(key: string): void {
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
  }
}

/** Whether nothing more is expected of a bid. */
export function isSettled(bid: TrackedBid): boolean {
  return bid.stage === "decided" || bid.stage === "error";
}

/** What is told of a bid that is asked after, whichever way it was asked. */
type Told = Pick<BidStatusAnswer, "status"> & Partial<Omit<Outcome, "status">>;

/** Codes after which a bid may be in the log nevertheless. */
const MAY_HAVE_ARRIVED: ReadonlySet<string> = new Set([
  "LOST",
  "NETWORK",
  "BID_UNKNOWN",
  "INTERNAL",
]);

function isRefusal(error: unknown): error is WireError | HttpProblem {
  return error instanceof WireError || error instanceof HttpProblem;
}

function outcomeOf(status: Outcome["status"], answer: Partial<Omit<Outcome, "status">>): Outcome {
  return {
    status,
    standing: answer.standing ?? null,
    code: answer.code ?? null,
    seq: answer.seq ?? null,
    alias: answer.alias ?? null,
    price: answer.price ?? null,
    minimum_next_bid: answer.minimum_next_bid ?? null,
    ends_at: answer.ends_at ?? null,
    decided_at: answer.decided_at ?? null,
  };
}
