/** How long a test waits for what the page does in its own time: enough for a busy machine. */
import { vi } from "vitest";

export const PATIENCE_MS = 15_000;

/** Waits until `holds` throws no more; returns what it found. */
export function eventually<Found>(holds: () => Found): Promise<Found> {
  return vi.waitFor(holds, PATIENCE_MS);
}
