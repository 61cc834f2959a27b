/**
 * One auction as it is being watched: the snapshot, then every push merged into it.
 *
 * Guarantees: versions only rise; recent bids have no gap (a missed one is asked for by HTTP).
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type {
  Auction,
  AuctionStatePush,
  AuctionStatus,
  BidResult,
  Mine,
  PublicBid,
  Subscribed,
} from "../protocol";
import type { WireError } from "../wire/socket";
import { amountOf } from "./bids";
import { onPush, wire } from "./live";
import { api } from "./session";

const BIDS_KEPT = 100;

export type Standing = Mine["standing"];

export interface AuctionView {
  auction: ReadonlySignal<Auction | null>;
  /** Newest first. */
  bids: ReadonlySignal<readonly PublicBid[]>;
  watching: ReadonlySignal<number | null>;
  /** An error code, when the auction cannot be watched. */
  error: ReadonlySignal<string | null>;
  standing: ReadonlySignal<Standing>;
  close: () => void;
}

/** Watches an auction until `close` is called. */
export function watchAuction(id: number): AuctionView {
  const channel = `auction:${id}`;
  const auction = signal<Auction | null>(null);
  const bids = signal<readonly PublicBid[]>([]);
  const watching = signal<number | null>(null);
  const error = signal<string | null>(null);

  const snapshot = (told: Subscribed) => {
    error.value = null;
    if (told.auction) auction.value = newer(auction.peek(), told.auction);
    bids.value = joined(bids.peek(), told.bids ?? []);
    void fillGap(id, bids.peek(), keep);
  };
  const keep = (found: readonly PublicBid[]) => {
    bids.value = joined(bids.peek(), found);
  };
  const stops = [
    wire.subscribe(channel, {
      onSnapshot: snapshot,
      onError: (failed: WireError) => {
        error.value = failed.code;
      },
      afterSeq: () => null,
    }),
    onPush("auction.state", (push) => {
      const known = auction.peek();
      if (push.channel !== channel || !known || push.version <= known.version) return;
      auction.value = withState(known, push);
      keep(push.bids);
      void fillGap(id, bids.peek(), keep);
      if (hasEnded(push.status)) void learnEnd(id, auction);
    }),
    onPush("auction.presence", (push) => {
      if (push.channel === channel) watching.value = push.watching;
    }),
    onPush("bid.result", (push) => {
      const known = auction.peek();
      if (!known || push.auction_id !== id) return;
      auction.value = withOwnBid(known, push, amountOf(push.key));
    }),
  ];
  return {
    auction,
    bids,
    watching,
    error,
    standing: computed(() => standingIn(auction.value)),
    close: () => {
      for (const stop of stops) stop();
    },
  };
}

/** Where the viewer stands, told from their alias: the newest state knows best. */
export function standingIn(auction: Auction | null): Standing {
  const alias = auction?.mine?.alias ?? null;
  if (!auction || alias === null) return "none";
  if (auction.status === "closed") return auction.winner?.alias === alias ? "won" : "lost";
  if (auction.leader?.alias === alias) return "leading";
  return auction.mine?.standing === "none" ? "none" : "outbid";
}

function newer(known: Auction | null, told: Auction): Auction {
  return known && known.version > told.version ? known : told;
}

/** `auction` after a pushed state. */
export function withState(auction: Auction, push: AuctionStatePush): Auction {
  const { type: _, channel: __, auction_id: ___, bids: ____, from_seq: _____, ...state } = push;
  const closedAt = state.status === "closed" ? state.ends_at : auction.closed_at;
  const buyNowPrice = canBuyNow(push) ? auction.buy_now_price : null;
  return { ...auction, ...state, closed_at: closedAt, buy_now_price: buyNowPrice };
}

/** Rule 11: a bid takes it away, with a reserve only one that meets it. States do not name it. */
function canBuyNow({ status, reserve, bid_count }: AuctionStatePush): boolean {
  if (hasEnded(status)) return false;
  return reserve === "none" ? bid_count === 0 : reserve === "not_met";
}

/**
 * What a decided own bid tells about the viewer. The state comes by `auction.state`; until it does,
 * a bid newer than the known ones tells who leads, so that nobody is "outbid" for a moment.
 */
export function withOwnBid(auction: Auction, result: BidResult, amount: number | null): Auction {
  if (result.status !== "accepted" || result.alias === null) return auction;
  const leads = result.standing === "leading";
  const isNews = (result.seq ?? 0) > auction.bid_count;
  const maximum = Math.max(amount ?? 0, auction.mine?.maximum ?? 0) || null;
  return {
    ...auction,
    leader: leads && isNews ? { alias: result.alias } : auction.leader,
    mine: {
      standing: result.standing ?? "none",
      alias: result.alias,
      maximum,
      watching: auction.mine?.watching ?? false,
    },
  };
}

/** Whether nothing can change any more: sold, unsold or cancelled. */
export function hasEnded(status: AuctionStatus): boolean {
  return status === "closed" || status === "cancelled";
}

/**
 * The pushed state tells neither when an auction was cancelled nor, after the close, who seller and
 * winner are to each other.
 */
async function learnEnd(id: number, auction: { value: Auction | null }): Promise<void> {
  const told = await api.auction(id).catch(() => null);
  if (told) auction.value = newer(auction.value, told);
}

function joined(known: readonly PublicBid[], found: readonly PublicBid[]): PublicBid[] {
  const bySeq = new Map([...known, ...found].map((bid) => [bid.seq, bid]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq).slice(0, BIDS_KEPT);
}

/** The seq after which something is missing from `bids` (newest first), or null. */
export function gapAfter(bids: readonly PublicBid[]): number | null {
  for (let index = 1; index < bids.length; index += 1) {
    const [later, earlier] = [bids[index - 1], bids[index]];
    if (later && earlier && later.seq - earlier.seq > 1) return earlier.seq;
  }
  return null;
}

async function fillGap(
  id: number,
  bids: readonly PublicBid[],
  keep: (found: readonly PublicBid[]) => void,
): Promise<void> {
  const after = gapAfter(bids);
  if (after === null) return;
  const found = await api.bidsAfter(id, after).catch(() => null);
  if (found) keep(found.items);
}
