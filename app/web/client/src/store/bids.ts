/** The viewer's own bids, newest last, across pages and reconnections. */
import { signal } from "@preact/signals";
import type { Outcome } from "../protocol";
import { BidBook, isSettled, type Offer, type TrackedBid } from "../wire/bid-book";
import { newKey } from "../wire/key";
import { onConnected, onPush, wire } from "./live";
import { PendingBids } from "./pending-bids";
import { api, isRestoring, user } from "./session";

const KEPT = 50;
/** A second tap comes this soon after the first; it is no other bid, whatever the button says by then. */
const PAUSE_MS = 1_000;

type DecisionListener = (bid: TrackedBid, outcome: Outcome) => void;

const decisionListeners: DecisionListener[] = [];

/** `listener` gets every own bid of this page once it is decided, whichever way that was learnt. */
export function onDecided(listener: DecisionListener): void {
  decisionListeners.push(listener);
}

const pending = new PendingBids(sessionStorage);

export const ownBids = signal<readonly TrackedBid[]>([]);

const book = new BidBook({
  wire,
  http: api,
  newKey,
  nowMs: Date.now,
  onChange: (bid) => {
    const others = ownBids.peek().filter((other) => other.key !== bid.key);
    ownBids.value = [...others, bid].sort((a, b) => a.placedMs - b.placedMs).slice(-KEPT);
    const owner = user.peek();
    if (owner) pending.keep(owner.id, ownBids.peek());
    if (bid.outcome) for (const listener of decisionListeners) listener(bid, bid.outcome);
  },
});

/** Keys of bids whose bidder was asked for a confirmation and said no. */
export const declined = signal<ReadonlySet<string>>(new Set());
/** Auctions on which a bid was placed a moment ago. */
const paused = signal<ReadonlyMap<number, symbol>>(new Map());

/** Why no bid may be placed on an auction now. */
export type Obstacle = "waiting" | "pause" | "session";

/** What keeps the viewer from bidding on an auction: an own bid without outcome, or too fresh a one. */
export function obstacleTo(auctionId: number): Obstacle | null {
  if (isWaiting(auctionId)) return "waiting";
  if (isRestoring.value) return "session";
  return paused.value.has(auctionId) ? "pause" : null;
}

/** Sends a bid, unless another of the viewer's on this auction has no outcome yet. */
export function placeBid(offer: Offer): void {
  if (isWaiting(offer.auctionId)) return;
  pause(offer.auctionId);
  book.place(offer);
}

/** Sends a bid of unknown fate again, under its own key. */
export function repeatBid(key: string): void {
  book.repeat(key);
}

/** Remembers that a bid is not to be confirmed. */
export function declineBid(key: string): void {
  declined.value = new Set([...declined.peek(), key]);
}

function isWaiting(auctionId: number): boolean {
  return ownBids.value.some((bid) => bid.auctionId === auctionId && !isSettled(bid));
}

function pause(auctionId: number): void {
  const mark = Symbol();
  paused.value = new Map([...paused.peek(), [auctionId, mark]]);
  setTimeout(() => {
    paused.value = new Map([...paused.peek()].filter(([, other]) => other !== mark));
  }, PAUSE_MS);
}

/** The newest own bid on an auction. */
export function lastBidOn(auctionId: number): TrackedBid | null {
  return ownBids.value.findLast((bid) => bid.auctionId === auctionId) ?? null;
}

/**
 * Follows outcomes and reconnections; a change of user forgets the other's bids. Bids that had no
 * outcome when the page was left or loaded anew are taken up again.
 */
export function followBids(): void {
  onPush("bid.result", (push) => book.result(push));
  onPush("bid.refused", (push) => book.refused(push));
  onConnected(() => book.reconnected());
  let userId = user.value?.id;
  if (userId !== undefined) book.restore(pending.of(userId));
  user.subscribe((now) => {
    if (now?.id === userId) return;
    userId = now?.id;
    book.clear();
    ownBids.value = [];
    if (userId !== undefined) book.restore(pending.of(userId));
  });
}
