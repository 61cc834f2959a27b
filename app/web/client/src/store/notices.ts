/** The user's notices: all unread ones, and those just come, shown for a while as toasts. */
import { signal } from "@preact/signals";
import type { Notice } from "../protocol";
import { onPush, wire } from "./live";
import { user } from "./session";

const TOAST_MS = 8_000;
const TOASTS_MAX = 3;
const KEPT = 100;

/** Unread, newest first. */
export const notices = signal<readonly Notice[]>([]);
export const toasts = signal<readonly Notice[]>([]);

/** Takes notices in as they come; the server sends the unread ones again on each connection. */
export function followNotices(): void {
  onPush("notice", ({ type: _, ...notice }) => {
    if (notices.peek().some((known) => known.id === notice.id)) return;
    notices.value = [notice, ...notices.peek()].sort((a, b) => b.id - a.id).slice(0, KEPT);
    toast(notice);
  });
  let userId = user.value?.id;
  user.subscribe((now) => {
    if (now?.id === userId) return;
    userId = now?.id;
    notices.value = [];
    toasts.value = [];
  });
}

/** Marks all notices as read, here and on the server. */
export async function readAll(): Promise<void> {
  const newest = notices.peek()[0];
  if (!newest) return;
  const answer = await wire.request({ type: "notice.ack", up_to: newest.id }).catch(() => null);
  if (!answer) return;
  notices.value = notices.peek().filter((notice) => notice.id > answer.up_to);
  toasts.value = [];
}

export function dismiss(id: number): void {
  toasts.value = toasts.peek().filter((notice) => notice.id !== id);
}

function toast(notice: Notice): void {
  toasts.value = [notice, ...toasts.peek()].slice(0, TOASTS_MAX);
  setTimeout(() => dismiss(notice.id), TOAST_MS);
}
