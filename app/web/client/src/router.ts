/** The address bar as signals. Pages are plain paths; the server answers each with the page. */
import { batch, signal } from "@preact/signals";
import { leaveEntry, restoreScroll } from "./scroll";

export const path = signal(location.pathname);
/** What follows the path, with its question mark: what a list shows, for one. */
export const search = signal(location.search);

addEventListener("popstate", () => {
  follow();
  restoreScroll();
});

/** Goes to another page of this site; `replace` leaves no entry in the history. */
export function navigate(to: string, { replace = false } = {}): void {
  const target = localPath(to);
  if (target === location.pathname + location.search) return;
  const isSamePage = target.split("?")[0] === location.pathname;
  leaveEntry();
  history[replace ? "replaceState" : "pushState"](null, "", target);
  follow();
  if (!isSamePage) scrollTo(0, 0);
}

function follow(): void {
  batch(() => {
    path.value = location.pathname;
    search.value = location.search;
  });
}

/** `to` if it is a path of this site, else the front page: a link must not lead elsewhere. */
export function localPath(to: string): string {
  return /^\/(?![/\\])/.test(to) ? to : "/";
}

/** The id in `/auctions/12` for the prefix `/auctions/`; null when the path is another. */
export function idAfter(prefix: string, pathname: string): number | null {
  const digits = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : "";
  return /^[1-9]\d{0,15}$/.test(digits) ? Number(digits) : null;
}

/** The log-in page, which leads back to here. */
export function loginPath(): string {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** Where the visitor of a log-in page wanted to be. */
export function nextPath(): string {
  return new URLSearchParams(location.search).get("next") ?? "/";
}
