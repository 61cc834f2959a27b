/** How long to wait before connecting again (wire.md): full jitter, 0.5 s doubling to 15 s. */

export const FIRST_MS = 500;
export const MAX_MS = 15_000;

/** Milliseconds to wait before attempt `attempt` (from 0); `random` is in [0, 1). */
export function reconnectDelayMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.floor(random() * ceiling);
}
