/**
 * An auction read over HTTP while there is no live connection: at once for the first sight of it,
 * then every few seconds. Nothing is read while nobody looks.
 */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Auction, PublicBid } from "../protocol";
import { HttpProblem } from "../wire/http";
import { connection, onWake, wire } from "./live";
import { api } from "./session";

const EVERY_MS = 3_000;
/** Most lost connections are back sooner; the rest do not ask all at once. */
const FIRST_MS = 500;
const FIRST_JITTER_MS = 1_000;
const BIDS_SHOWN = 20;

export interface PollOptions {
  id: number;
  /** Whether the live connection tells everything, so that nothing need be read. */
  isLive: ReadonlySignal<boolean>;
  hasAuction: () => boolean;
  onRead: (auction: Auction, bids: readonly PublicBid[]) => void;
  onMissing: () => void;
}

export class AuctionPoll {
  /** Whether the last reading came and is younger than two turns. */
  readonly isFresh = signal(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hasFailed = false;
  private turn = 0;
  private readonly stops: (() => void)[];

  constructor(private readonly options: PollOptions) {
    this.stops = [
      effect(() => {
        if (options.isLive.value) this.rest();
        else this.readIn(FIRST_MS + Math.random() * FIRST_JITTER_MS);
      }),
      onWake(() => {
        if (!options.isLive.peek()) this.readIn(0);
      }),
    ];
  }

  close(): void {
    for (const stop of this.stops) stop();
    this.rest();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.turn += 1;
    this.isFresh.value = false;
    this.hasFailed = false;
  }

  private readIn(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.read(), delayMs);
  }

  private async read(): Promise<void> {
    const isGivenUp = !isTriedAgain();
    if (isGivenUp && this.options.hasAuction()) return;
    if (document.visibilityState === "hidden") this.isFresh.value = false;
    else await this.readOnce();
    if (!this.options.isLive.peek()) this.readIn(EVERY_MS);
  }

  private async readOnce(): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    try {
      const auction = await api.auctionNow(this.options.id);
      const bids = await this.newestBids(auction);
      if (turn === this.turn) this.succeeded(auction, bids);
    } catch (error) {
      if (turn === this.turn) this.failed(error);
    }
  }

  private async newestBids(auction: Auction): Promise<readonly PublicBid[]> {
    if (auction.bid_count === 0) return [];
    const { items } = await api.bidsAfter(auction.id, Math.max(0, auction.bid_count - BIDS_SHOWN));
    return items;
  }

  /** The server is reached: if it was not before, the live connection need not wait any longer. */
  private succeeded(auction: Auction, bids: readonly PublicBid[]): void {
    this.options.onRead(auction, bids);
    this.isFresh.value = isTriedAgain();
    if (this.hasFailed) wire.wake();
    this.hasFailed = false;
  }

  private failed(error: unknown): void {
    if (!(error instanceof HttpProblem)) throw error;
    this.isFresh.value = false;
    this.hasFailed = error.code === "NETWORK";
    if (error.code === "NOT_FOUND") this.options.onMissing();
  }
}

/** Whether a live connection is being tried for: the user has not been told that there is none. */
function isTriedAgain(): boolean {
  return connection.peek() !== "crowded" && connection.peek() !== "stopped";
}
