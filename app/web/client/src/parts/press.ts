/**
 * What a button said when it was pressed. Between pressing and letting go a price may change; what
 * counts is what its presser read. A press that began while nothing could be done does nothing.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** A browser sends the click at most this long after the finger has left. */
const CLICK_WITHIN_MS = 400;

export interface Press<T> {
  /** What the button says: as pressed while it is held, else as of now. */
  said: T;
  /** What a click does; null when it does nothing. Ends the press. */
  take: () => T | null;
  /** For the button's own attributes. */
  on: {
    onPointerDown: (event: PointerEvent) => void;
    onKeyDown: (event: KeyboardEvent) => void;
  };
}

/** Follows presses of a button that says `now`; `isBlocked` while it must do nothing. */
export function usePress<T>(now: T, isBlocked: boolean): Press<T> {
  const held = useSignal<{ said: T; isVoid: boolean } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const end = () => {
    clearTimeout(timer.current);
    held.value = null;
  };
  const begin = () => {
    clearTimeout(timer.current);
    held.value ??= { said: now, isVoid: isBlocked };
  };
  const letGo = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(end, CLICK_WITHIN_MS);
  };
  const take = () => {
    const press = held.value ?? { said: now, isVoid: isBlocked };
    end();
    return press.isVoid || isBlocked ? null : press.said;
  };
  return {
    said: held.value?.said ?? now,
    take,
    on: {
      onPointerDown: (event) => {
        if (event.button !== 0) return;
        begin();
        const button = event.currentTarget as HTMLElement;
        const place = button.getBoundingClientRect();
        const over = new AbortController();
        const release = (event: PointerEvent) => {
          over.abort();
          letGo();
          if (event.type === "pointerup" && hasMovedAway(button, place, event)) button.click();
        };
        addEventListener("pointerup", release, over);
        addEventListener("pointercancel", release, over);
      },
      onKeyDown: (event) => {
        if (event.key !== " " || event.repeat) return;
        begin();
        addEventListener("keyup", letGo, { once: true });
      },
    },
  };
}

/** Whether the finger left where the button was, and the button is elsewhere: no click will come. */
function hasMovedAway(button: HTMLElement, place: DOMRect, { clientX, clientY }: PointerEvent) {
  const isInside =
    clientX > place.left && clientX < place.right && clientY > place.top && clientY < place.bottom;
  return isInside && !button.contains(document.elementFromPoint(clientX, clientY));
}
