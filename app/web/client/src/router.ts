/** The address bar as a signal. Pages are plain paths; the server answers each with the page. */
import { signal } from "@preact/signals";

export const path = signal(location.pathname);

addEventListener("popstate", () => {
  path.value = location.pathname;
});

/** Goes to another page of this site; `replace` leaves no entry in the history. */
export function navigate(to: string, { replace = false } = {}): void {
  const target = localPath(to);
  if (target === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", target);
  path.value = location.pathname;
  scrollTo(0, 0);
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
  return `/login?next=${encodeURIComponent(location.pathname)}`;
}

/** From a log-in page to where its visitor wanted to be. */
export function leaveForNext(): void {
  navigate(new URLSearchParams(location.search).get("next") ?? "/", { replace: true });
}
