/**
 * One auction as it is being watched: the snapshot, then every push merged into it.
 *
 * Guarantees: recent bids have no gap (a missed one is asked for by HTTP).
 */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Auction, PublicBid, Subscribed } from "../protocol";
import type { WireError } from "../wire/socket";
import { auctionOf, learn, type Standing, standingIn } from "./auctions";
import { connection, isConnected, onPush, wire } from "./live";
import { Poll } from "./poll";
import { api } from "./session";

const BIDS_KEPT = 100;
const BIDS_READ = 20;
/** What a list knew of an auction passes for current so long, until the snapshot comes. */
const SNAPSHOT_WITHIN_MS = 2_000;

export interface AuctionView {
  auction: ReadonlySignal<Auction | null>;
  /** Newest first. */
  bids: ReadonlySignal<readonly PublicBid[]>;
  watching: ReadonlySignal<number | null>;
  /** An error code, when the auction cannot be watched. */
  error: ReadonlySignal<string | null>;
  standing: ReadonlySignal<Standing>;
  /** Whether what is told is of now: over a live connection, or read a moment ago. */
  isCurrent: ReadonlySignal<boolean>;
  close: () => void;
}

/** Watches an auction until `close` is called. */
export function watchAuction(id: number): AuctionView {
  const channel = `auction:${id}`;
  const auction = auctionOf(id);
  const bids = signal<readonly PublicBid[]>([]);
  const watching = signal<number | null>(null);
  const error = signal<string | null>(null);

  /** Whether the snapshot of the connection that is open has come. */
  const isSynced = signal(false);
  const isLive = computed(() => connection.value === "live" && isSynced.value);
  const isNew = signal(true);
  const timer = setTimeout(() => {
    isNew.value = false;
  }, SNAPSHOT_WITHIN_MS);

  const snapshot = (told: Subscribed) => {
    error.value = null;
    isSynced.value = true;
    if (told.auction) learn([told.auction]);
    bids.value = joined(bids.peek(), told.bids ?? []);
    void fillGap(id, bids.peek(), keep);
  };
  const keep = (found: readonly PublicBid[]) => {
    bids.value = joined(bids.peek(), found);
  };
  const poll = new Poll({
    isLive,
    hasFound: () => auction.peek() !== null,
    read: () => readAuction(id),
    onFound: (found) => {
      learn([found.auction]);
      keep(found.bids);
    },
    onProblem: (code) => {
      if (code === "NOT_FOUND") error.value = code;
    },
  });
  const stops = [
    () => poll.close(),
    () => clearTimeout(timer),
    effect(() => {
      if (!isConnected.value) isSynced.value = false;
    }),
    wire.subscribe(channel, {
      onSnapshot: snapshot,
      onError: (failed: WireError) => {
        error.value = failed.code;
      },
      afterSeq: () => null,
    }),
    onPush("auction.state", (push) => {
      if (push.channel !== channel) return;
      keep(push.bids);
      void fillGap(id, bids.peek(), keep);
    }),
    onPush("auction.presence", (push) => {
      if (push.channel === channel) watching.value = push.watching;
    }),
  ];
  return {
    auction,
    bids,
    watching,
    error,
    standing: computed(() => standingIn(auction.value)),
    isCurrent: computed(
      () => isLive.value || poll.isFresh.value || (isNew.value && connection.value === "live"),
    ),
    close: () => {
      for (const stop of stops) stop();
    },
  };
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

/** Reads an auction and its newest bids over HTTP. */
async function readAuction(id: number): Promise<{ auction: Auction; bids: readonly PublicBid[] }> {
  const auction = await api.auctionNow(id);
  if (auction.bid_count === 0) return { auction, bids: [] };
  const { items } = await api.bidsAfter(id, Math.max(0, auction.bid_count - BIDS_READ));
  return { auction, bids: items };
}
