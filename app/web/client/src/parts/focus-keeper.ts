/**
 * Keeps the focus near where it was when what had it goes away: a closed panel, a button that has
 * done its work, the last "show more". Otherwise a keyboard or a screen reader starts at the top.
 */

const PLACES = "section, form, main, [role='alertdialog']";
const HEADINGS = "h1, h2, h3, legend";

let focused: Element | null = null;
let around: Element[] = [];

/** Begins to keep it, for the whole document. */
export function keepFocus(): void {
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element) remember(target);
  });
  new MutationObserver(() => {
    if (focused?.isConnected === false && document.activeElement === document.body) recover();
  }).observe(document.body, { childList: true, subtree: true });
}

function remember(element: Element): void {
  focused = element;
  around = [];
  for (let outer = element.parentElement; outer; outer = outer.parentElement) around.push(outer);
}

/** To the heading of the nearest part around it that is still there, else of the page. */
function recover(): void {
  focused = null;
  const left = around.find((outer) => outer.isConnected && outer.matches(PLACES));
  const place = left ?? document.querySelector("main");
  const target = place?.querySelector<HTMLElement>(HEADINGS) ?? place;
  if (!(target instanceof HTMLElement)) return;
  if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
