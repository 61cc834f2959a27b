// Waiting, and lengths of time as k6 writes them.
import { setTimeout } from "k6/timers";

// Later than this a bid has no outcome, a message was not delivered, a viewer is not current. OUTCOME_S
// is for machines that are too slow for five seconds.
export const OUTCOME_MAX_MS = Number(__ENV.OUTCOME_S || 5) * 1_000;

/**
 * Waits without keeping the sockets of this user from being served, as sleep() would.
 * @param {number} ms
 */
export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), Math.max(0, ms));
  });
}

/**
 * Milliseconds of a text such as "500ms", "5s" or "2m".
 * @param {string} text
 */
export function milliseconds(text) {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  if (!found) {
    throw new Error(`${text} is not a length of time such as 500ms, 5s or 2m`);
  }
  return Number(found[1]) * { ms: 1, s: 1_000, m: 60_000 }[/** @type {"ms"|"s"|"m"} */ (found[2])];
}
