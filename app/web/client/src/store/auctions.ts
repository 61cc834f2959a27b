/**
 * What the page knows of each auction, once: list, detail and my bids all read it here.
 *
 * Guarantees: versions only rise, and a price told without a version never goes back behind one
 * told with it. Follows every push from its import on.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { AMOUNT_MAX } from "../format/money";
import type {
  Auction,
  AuctionStatePush,
  AuctionStatus,
  Mine,
  Outcome,
  PriceItem,
} from "../protocol";
import { onDecided } from "./bids";
import { onPush, wire } from "./live";
import { api, user } from "./session";

/** Of so many auctions something is kept: fifty pages of a list. The one learnt of first goes. */
const KEPT_MAX = 1_000;

export type Standing = Mine["standing"];

const entries = new Map<number, Signal<Auction | null>>();
const asked = new Set<number>();

/** The newest that is known of an auction; null until something is. */
export function auctionOf(id: number): ReadonlySignal<Auction | null> {
  return entry(id);
}

/** Takes in whole resources, as lists and snapshots bring them. */
export function learn(found: readonly Auction[]): void {
  for (const told of found) {
    const known = entry(told.id);
    const before = known.peek();
    if (!before || isNewer(told, before)) known.value = withKnownAlias(told, before);
  }
}

/** An alias once given stays (rule 17): what was read without it is older than the own bid. */
function withKnownAlias(told: Auction, before: Auction | null): Auction {
  const mine = before?.mine;
  if (mine?.alias == null || told.mine?.alias != null) return told;
  const { limit, blocked } = told.mine ?? mine;
  return { ...told, mine: { ...mine, limit, blocked } };
}

/** Asks for an auction again, unless that is under way: pushes do not tell everything. */
export async function learnAnew(id: number): Promise<void> {
  if (asked.has(id)) return;
  asked.add(id);
  const told = await api.auction(id).catch(() => null);
  asked.delete(id);
  if (told) learn([told]);
}

function learnOutcome(auctionId: number, outcome: Outcome, amount: number | null): void {
  const known = entries.get(auctionId);
  const before = known?.peek();
  if (known && before) known.value = withOwnBid(before, outcome, amount);
}

/** Keeps the prices of all known auctions current until the returned function is called. */
export function followPrices(
  onItems: (items: readonly PriceItem[]) => void = () => {},
): () => void {
  const stops = [
    wire.subscribe("auctions", {
      onSnapshot: ({ items = [] }) => {
        learnPrices(items);
        onItems(items);
      },
      onError: () => {},
      afterSeq: () => null,
    }),
    onPush("auctions.price", ({ items }) => onItems(items)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function learnPrices(items: readonly PriceItem[]): void {
  for (const item of items) {
    const known = entries.get(item.id);
    const before = known?.peek();
    if (!known || !before || isBehind(item, before)) continue;
    known.value = { ...before, ...item };
    if (isNews(item, before)) void learnAnew(item.id);
  }
}

/** Where the viewer stands, told from their alias: the newest state knows best. */
export function standingIn(auction: Auction | null): Standing {
  const mine = auction?.mine;
  if (!auction || !mine || mine.alias === null || auction.status === "cancelled") return "none";
  if (auction.status === "closed") {
    if (auction.winner?.alias === mine.alias) return "won";
    return mine.standing === "none" ? "none" : "lost";
  }
  if (auction.leader?.alias === mine.alias) return "leading";
  if (isVoided(auction)) return "none";
  return mine.standing === "none" ? "none" : "outbid";
}

/** Whether nothing can change any more: sold, unsold or cancelled. */
export function hasEnded(status: AuctionStatus): boolean {
  return status === "closed" || status === "cancelled";
}

/**
 * What a decided own bid tells about the viewer. The state comes by `auction.state`; until it does,
 * a bid newer than the known ones tells who leads, so that nobody is "outbid" for a moment.
 */
export function withOwnBid(auction: Auction, result: Outcome, amount: number | null): Auction {
  if (result.status !== "accepted" || result.alias === null) return auction;
  const leads = result.standing === "leading";
  const isNewest = (result.seq ?? 0) > auction.bid_count;
  const maximum = Math.max(amount ?? 0, auction.mine?.maximum ?? 0) || null;
  return {
    ...auction,
    leader: leads && isNewest ? { alias: result.alias } : auction.leader,
    mine: {
      standing: result.standing ?? "none",
      alias: result.alias,
      maximum,
      watching: auction.mine?.watching ?? false,
      limit: auction.mine?.limit ?? AMOUNT_MAX,
      blocked: auction.mine?.blocked ?? false,
    },
  };
}

/** `auction` after a pushed state. */
export function withState(auction: Auction, push: AuctionStatePush): Auction {
  const { type: _, channel: __, auction_id: ___, bids: ____, from_seq: _____, ...state } = push;
  const closedAt = state.status === "closed" ? state.ends_at : auction.closed_at;
  const buyNowPrice = canBuyNow(push) ? auction.buy_now_price : null;
  return { ...auction, ...state, closed_at: closedAt, buy_now_price: buyNowPrice };
}

/** Rule 11: a bid takes it away, with a reserve only one that meets it. States do not name it. */
function canBuyNow({ status, reserve, leader }: AuctionStatePush): boolean {
  if (hasEnded(status)) return false;
  return reserve === "none" ? leader === null : reserve === "not_met";
}

/** Whether the viewer's own bids count no more on this auction (rule 20). */
export function isVoided({ mine, voided }: Auction): boolean {
  return mine?.alias != null && (voided ?? []).includes(mine.alias);
}

function entry(id: number): Signal<Auction | null> {
  const known = entries.get(id);
  if (known) return known;
  const made = signal<Auction | null>(null);
  entries.set(id, made);
  const [oldest] = entries.keys();
  if (entries.size > KEPT_MAX && oldest !== undefined) entries.delete(oldest);
  return made;
}

const ORDER: readonly AuctionStatus[] = ["scheduled", "open", "closed", "cancelled"];

/** Prices have no version: bids are only ever added, and no state goes back (rule 14). */
function isBehind(item: Pick<Auction, "bid_count" | "status">, known: Auction): boolean {
  return (
    item.bid_count < known.bid_count || ORDER.indexOf(item.status) < ORDER.indexOf(known.status)
  );
}

/** The same version may have more to tell; unless a price has already told of a later one. */
function isNewer(told: Auction, known: Auction): boolean {
  return told.version > known.version || (told.version === known.version && !isBehind(told, known));
}

/** Whether a price means something to the viewer that it does not say: who leads, or who won. */
function isNews(item: PriceItem, known: Auction): boolean {
  const standing = standingIn(known);
  if (hasEnded(item.status) && !hasEnded(known.status)) return standing !== "none";
  return standing === "leading" && item.bid_count > known.bid_count;
}

onPush("auction.state", (push) => {
  const known = entries.get(push.auction_id);
  const before = known?.peek();
  if (!known || !before || push.version <= before.version) return;
  known.value = withState(before, push);
  // The state tells neither when an auction was cancelled nor who seller and winner are, and after a
  // void neither the new leader's maximum nor that it can be bought now again.
  const isVoid = (push.voided ?? []).length > (before.voided ?? []).length;
  if (hasEnded(push.status) || isVoid) void learnAnew(push.auction_id);
});

onPush("auctions.price", (push) => learnPrices(push.items));

// Bids made elsewhere come by push only; what those of this page offered is known here alone.
onPush("bid.result", (push) => learnOutcome(push.auction_id, push, null));
onDecided((bid, outcome) => {
  learnOutcome(bid.auctionId, outcome, bid.amount);
  // The right to bid is not what it was when the page was opened.
  if (outcome.code === "OVER_LIMIT" || outcome.code === "BLOCKED") void learnAnew(bid.auctionId);
});

onPush("notice", ({ kind, auction_id }) => {
  const known = entries.get(auction_id)?.peek();
  if (!known || hasEnded(known.status)) return;
  if (kind !== "outbid" || standingIn(known) === "leading") void learnAnew(auction_id);
});

/** What is `mine` of one user is nobody else's. */
let ownerId = user.peek()?.id;
user.subscribe((now) => {
  if (now?.id === ownerId) return;
  ownerId = now?.id;
  for (const known of entries.values()) {
    if (!known.peek()?.mine) continue;
    const { mine: _, ...rest } = known.peek() as Auction;
    known.value = rest;
  }
});
