/** How much time is left, in the parts a clock shows. */

export interface Remaining {
  days: number;
  /** `H:MM:SS`, or `M:SS` when less than an hour is left in all. */
  clock: string;
  totalMs: number;
}

const SECOND_MS = 1_000;
const DAY_S = 86_400;

/** From `nowMs` to `endMs`. Rounds up, so that it shows 0:00 only when nothing is left. */
export function remaining(endMs: number, nowMs: number): Remaining {
  const totalMs = Math.max(0, endMs - nowMs);
  const seconds = Math.ceil(totalMs / SECOND_MS);
  const days = Math.floor(seconds / DAY_S);
  return { days, clock: clockText(seconds % DAY_S, days > 0), totalMs };
}

function clockText(seconds: number, withHours: boolean): string {
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = twoDigits(seconds % 60);
  return withHours || hours > 0 ? `${hours}:${twoDigits(minutes)}:${rest}` : `${minutes}:${rest}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
