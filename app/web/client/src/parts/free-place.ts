/** A place on the screen that covers nothing anybody might press. */
import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** Of a card, which is a link as a whole, its name is left free; the rest of it is large enough. */
const KEEP_CLEAR =
  "a:not(.card > a), button, input, select, textarea, summary, label, .card h2, [data-keep-clear]";
const GAP_PX = 8;

type Span = Pick<DOMRect, "top" | "bottom">;

/**
 * The lowest top edge at which a box of `height` within the screen, 0 to `screen`, touches none of
 * `taken`; null where there is none. All in pixels.
 */
export function freeTop(height: number, screen: number, taken: readonly Span[]): number | null {
  const tops = [screen, ...taken.map(({ top }) => top)].map((edge) => edge - GAP_PX - height);
  const free = tops.filter((top) => top >= GAP_PX && isFree(top, height, screen, taken));
  return free.length === 0 ? null : Math.max(...free);
}

function isFree(top: number, height: number, screen: number, taken: readonly Span[]): boolean {
  const bottom = top + height;
  return bottom <= screen && taken.every((span) => span.bottom <= top || span.top >= bottom);
}

/** Keeps a fixed box where it covers no control, and out of sight while there is no such place. */
export function useFreePlace(box: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    let frame = 0;
    const place = () => {
      if (box.current) move(box.current);
      frame = requestAnimationFrame(place);
    };
    place();
    return () => cancelAnimationFrame(frame);
  }, [box]);
}

function move(box: HTMLElement): void {
  const { top, height, left, right } = box.getBoundingClientRect();
  const taken = takenBetween(left, right, box);
  const stays = box.style.visibility === "visible" && isFree(top, height, innerHeight, taken);
  const place = stays ? top : freeTop(height, innerHeight, taken);
  const isHeld = box.contains(document.activeElement); // whoever is in it keeps it
  box.style.visibility = place === null && !isHeld ? "hidden" : "visible";
  if (place !== null) box.style.top = `${place}px`;
}

function takenBetween(left: number, right: number, box: HTMLElement): DOMRect[] {
  return [...document.querySelectorAll(KEEP_CLEAR)]
    .filter((element) => !box.contains(element))
    .map((element) => element.getBoundingClientRect())
    .filter((rect) => rect.height > 0 && rect.left < right && rect.right > left);
}
