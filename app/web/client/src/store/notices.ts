/**
 * The user's notices: those unread, and of them the news, shown for a while as toasts.
 *
 * Guarantees: no toast comes twice, after a reload or in another tab either; none tells of the
 * auction on screen, which tells it itself: its notices count as read.
 */
import { signal } from "@preact/signals";
import type { Notice } from "../protocol";
import { idAfter, path } from "../router";
import { AUCTION_PATHS } from "../routes";
import { clock, onPush, wire } from "./live";
import { NoticeMemory } from "./notice-memory";
import { user } from "./session";

const TOASTS_MAX = 3;
const KEPT = 100;
/** What is older is no news: it waits in the list. */
const NEWS_MS = 60_000;
/** The server sends all unread notices after connecting; none of them may be acknowledged unseen. */
const ACK_AFTER_MS = 2_000;

/** Unread, newest first. */
export const notices = signal<readonly Notice[]>([]);
/** What to show as toasts, one after the other. */
export const toasts = signal<readonly Notice[]>([]);

let memory: NoticeMemory | null = null;
let acknowledging: ReturnType<typeof setTimeout> | undefined;

/** Takes notices in as they come; the server sends the unread ones again on each connection. */
export function followNotices(): void {
  onPush("notice", ({ type: _, ...notice }) => take(notice));
  path.subscribe(seeOnScreen);
  let userId: number | undefined;
  user.subscribe((now) => {
    if (now?.id === userId) return;
    userId = now?.id;
    clearTimeout(acknowledging);
    memory = userId === undefined ? null : new NoticeMemory(localStorage, userId);
    notices.value = [];
    toasts.value = [];
  });
}

/** Marks all notices as read, here and on the server. */
export async function readAll(): Promise<void> {
  const newest = notices.peek()[0];
  if (!newest) return;
  if (await acknowledge(newest.id)) toasts.value = [];
}

/** A toast has had its time. */
export function dropToast(id: number): void {
  toasts.value = toasts.peek().filter((notice) => notice.id !== id);
}

/** The user has closed a toast, so read it. */
export function closeToast(id: number): void {
  see([id]);
}

function take(notice: Notice): void {
  if (notices.peek().some((known) => known.id === notice.id)) return;
  if (memory?.wasSeen(notice.id)) {
    acknowledgeSoon();
    return;
  }
  notices.value = [notice, ...notices.peek()].sort((a, b) => b.id - a.id).slice(0, KEPT);
  if (notice.auction_id === auctionOnScreen()) see([notice.id]);
  else if (isNews(notice)) toast(notice);
}

function isNews(notice: Notice): boolean {
  const isFresh = clock.nowMs() - Date.parse(notice.at) < NEWS_MS;
  return isFresh && document.visibilityState === "visible" && !memory?.wasTold(notice.id);
}

function toast(notice: Notice): void {
  memory?.tell(notice.id);
  toasts.value = [...toasts.peek(), notice].slice(-TOASTS_MAX);
}

function auctionOnScreen(): number | null {
  return idAfter(AUCTION_PATHS, path.peek());
}

function seeOnScreen(): void {
  const id = auctionOnScreen();
  const seen = notices.peek().filter((notice) => notice.auction_id === id);
  if (seen.length > 0) see(seen.map((notice) => notice.id));
}

function see(ids: readonly number[]): void {
  memory?.see(ids);
  notices.value = notices.peek().filter(({ id }) => !ids.includes(id));
  toasts.value = toasts.peek().filter(({ id }) => !ids.includes(id));
  acknowledgeSoon();
}

/** The server only knows "all up to this one": what was seen before an unread one must wait. */
function acknowledgeSoon(): void {
  clearTimeout(acknowledging);
  acknowledging = setTimeout(() => {
    const oldest = notices.peek().at(-1)?.id ?? Number.POSITIVE_INFINITY;
    const upTo = memory?.newestSeenBefore(oldest);
    if (upTo) void acknowledge(upTo);
  }, ACK_AFTER_MS);
}

async function acknowledge(upTo: number): Promise<boolean> {
  const answer = await wire.request({ type: "notice.ack", up_to: upTo }).catch(() => null);
  if (!answer) return false;
  memory?.forget(answer.up_to);
  notices.value = notices.peek().filter((notice) => notice.id > answer.up_to);
  return true;
}
