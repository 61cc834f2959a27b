/**
 * Where a page was scrolled to, and how long its list was, in each entry of the history: whoever
 * goes back finds the page as it was left. The browser itself scrolls too early for that, before a
 * list has been read anew.
 */

const PAUSE_MS = 150; // Safari takes a hundred changes of an entry in half a minute

interface Kept {
  scroll?: number;
  items?: number;
}

let timer: ReturnType<typeof setTimeout> | undefined;
let observer: ResizeObserver | null = null;

history.scrollRestoration = "manual";

addEventListener("scroll", () => {
  clearTimeout(timer);
  if (!observer) timer = setTimeout(() => keep({ scroll: scrollY }), PAUSE_MS);
});
for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  addEventListener(type, giveUp, { passive: true });
}

/** Remembers how many items a list shows. */
export function keepItems(items: number): void {
  keep({ items });
}

/** How many items a list here showed when it was left; null when it was not here. */
export function keptItems(): number | null {
  return kept().items ?? null;
}

/** Another entry of the history follows. */
export function leaveEntry(): void {
  clearTimeout(timer);
  if (!observer) keep({ scroll: scrollY });
  giveUp();
}

/** Scrolls to where this entry was left, as soon as the page is long enough. */
export function restoreScroll(): void {
  clearTimeout(timer);
  giveUp();
  const target = kept().scroll ?? 0;
  observer = new ResizeObserver(() => {
    if (document.documentElement.scrollHeight - innerHeight < target) return;
    giveUp();
    scrollTo(0, target);
  });
  // Its first report comes after the next rendering, when the page is the new one.
  observer.observe(document.body);
}

function giveUp(): void {
  observer?.disconnect();
  observer = null;
}

function kept(): Kept {
  return (history.state ?? {}) as Kept;
}

function keep(change: Kept): void {
  history.replaceState({ ...kept(), ...change }, "");
}
