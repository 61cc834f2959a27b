/**
 * A user's bids without an outcome, over a reload of the page: only key and offer, in the tab's own
 * storage. What is stored may be anything (an older page wrote it): only whole bids are believed.
 */
import { isSettled, type TrackedBid } from "../wire/bid-book";

const STORED = "pending-bids";

type Kept = Omit<TrackedBid, "outcome" | "error">;
type Store = Pick<Storage, "getItem" | "setItem">;

export class PendingBids {
  constructor(private readonly store: Store) {}

  /** Remembers those of `bids` that have no outcome yet, in place of the former. */
  keep(userId: number, bids: readonly TrackedBid[]): void {
    const kept: Kept[] = bids
      .filter((bid) => !isSettled(bid))
      .map(({ outcome: _, error: __, ...rest }) => rest);
    this.store.setItem(STORED, JSON.stringify({ userId, bids: kept }));
  }

  /** The remembered bids of a user; none when somebody else's are remembered. */
  of(userId: number): TrackedBid[] {
    const found = parsed(this.store.getItem(STORED));
    if (found?.userId !== userId || !Array.isArray(found.bids)) return [];
    return found.bids.filter(isKept).map((bid) => ({
      ...bid,
      bidId: typeof bid.bidId === "string" ? bid.bidId : null,
      outcome: null,
      error: null,
    }));
  }
}

function parsed(text: string | null): { userId?: unknown; bids?: unknown } | null {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function isKept(found: unknown): found is Kept {
  const bid = found as Partial<Kept> | null;
  return (
    typeof bid?.key === "string" &&
    Number.isSafeInteger(bid.auctionId) &&
    Number.isSafeInteger(bid.amount) &&
    (bid.kind === "exact" || bid.kind === "max") &&
    typeof bid.confirm === "boolean" &&
    typeof bid.placedMs === "number"
  );
}
