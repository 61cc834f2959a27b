/**
 * Every bid made from this page, until its outcome is known (wire.md: receipts, outcomes, status).
 *
 * Guarantees: a bid is sent again only under its own key, so never becomes two; each bid without an
 * outcome is asked after when the socket comes back and every 5 s.
 */

import type {
  Answers,
  BidKind,
  BidRefused,
  BidResult,
  BidStatusTold,
  ClientMessage,
  Outcome,
} from "../protocol";
import { WireError } from "./socket";

export const ASK_AFTER_MS = 5_000;
/** A bid this old is not sent again by itself: its bidder may have changed their mind. */
export const RESEND_WITHIN_MS = 10_000;

export type BidStage = "sending" | "received" | "unknown" | "decided" | "error";

export interface TrackedBid {
  key: string;
  auctionId: number;
  amount: number;
  kind: BidKind;
  confirm: boolean;
  stage: BidStage;
  placedMs: number;
  outcome: Outcome | null;
  /** Why the bid did not enter the log, when `stage` is error. */
  error: string | null;
}

export type Offer = Pick<TrackedBid, "auctionId" | "amount" | "kind" | "confirm">;

interface Requests {
  request<F extends ClientMessage>(frame: F): Promise<Answers[F["type"]]>;
}

export interface BidBookOptions {
  wire: Requests;
  newKey: () => string;
  nowMs: () => number;
  onChange: (bid: TrackedBid) => void;
}

export class BidBook {
  private readonly bids = new Map<string, TrackedBid>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly options: BidBookOptions) {}

  /** Sends a new bid; its further life is told by `onChange`. */
  place(offer: Offer): TrackedBid {
    const bid: TrackedBid = {
      ...offer,
      key: this.options.newKey(),
      stage: "sending",
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
    for (const bid of bids) if (!this.bids.has(bid.key)) this.update({ ...bid, stage: "unknown" });
  }

  /** Forgets everything, as when another user signs in. */
  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
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
    const { auctionId, amount, kind, confirm } = bid;
    try {
      const answer = await this.options.wire.request({
        type: "bid.place",
        auction_id: auctionId,
        amount,
        kind,
        confirm,
        key,
      });
      this.advance(key, answer.type === "bid.received" ? "received" : "unknown");
    } catch (error) {
      this.sendFailed(key, error);
    }
  }

  private sendFailed(key: string, error: unknown): void {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    if (!(error instanceof WireError)) throw error;
    if (error.code === "LOST") this.advance(key, "unknown");
    else this.fail(bid, error.code);
  }

  private async ask(key: string): Promise<void> {
    const bid = this.bids.get(key);
    if (!bid || isSettled(bid)) return;
    this.askLater(key);
    try {
      this.told(
        await this.options.wire.request({ type: "bid.status", auction_id: bid.auctionId, key }),
      );
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }

  private told(answer: BidStatusTold): void {
    const bid = this.bids.get(answer.key);
    if (!bid || isSettled(bid)) return;
    const { status, ...rest } = answer;
    if (status !== "unknown") this.decide(bid.key, outcomeOf(status, rest));
    else if (this.options.nowMs() - bid.placedMs < RESEND_WITHIN_MS) void this.send(bid.key);
    else this.advance(bid.key, "unknown");
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

function outcomeOf(status: Outcome["status"], answer: Omit<BidStatusTold, "status">): Outcome {
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
