/** The viewer's own bids, newest last, across pages and reconnections. */
import { signal } from "@preact/signals";
import { BidBook, type Offer, type TrackedBid } from "../wire/bid-book";
import { newKey } from "../wire/key";
import { onConnected, onPush, wire } from "./live";
import { PendingBids } from "./pending-bids";
import { user } from "./session";

const KEPT = 50;

const pending = new PendingBids(sessionStorage);

export const ownBids = signal<readonly TrackedBid[]>([]);

const book = new BidBook({
  wire,
  newKey,
  nowMs: Date.now,
  onChange: (bid) => {
    const others = ownBids.peek().filter((other) => other.key !== bid.key);
    ownBids.value = [...others, bid].sort((a, b) => a.placedMs - b.placedMs).slice(-KEPT);
    const owner = user.peek();
    if (owner) pending.keep(owner.id, ownBids.peek());
  },
});

export const placeBid = (offer: Offer): TrackedBid => book.place(offer);
export const repeatBid = (key: string): void => book.repeat(key);

/** The newest own bid on an auction. */
export function lastBidOn(auctionId: number): TrackedBid | null {
  return ownBids.value.findLast((bid) => bid.auctionId === auctionId) ?? null;
}

/** How much the own bid of this key offers; null for a bid made elsewhere. */
export function amountOf(key: string): number | null {
  return ownBids.peek().find((bid) => bid.key === key)?.amount ?? null;
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
