/** New tokens told to the other tabs of this browser, so that one refresh serves them all. */
import type { Tokens } from "../protocol";

const CHANNEL = "tokens";

export interface SharedTokens {
  tokens: Tokens;
  /** When they were got, by this machine's clock. */
  gotMs: number;
}

export interface TokenSharing {
  share(shared: SharedTokens): void;
}

/** Hears of tokens of other tabs by `onShared`; does nothing where browsers cannot do it. */
export function shareTokens(onShared: (shared: SharedTokens) => void): TokenSharing {
  if (typeof BroadcastChannel === "undefined") return { share: () => {} };
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event) => onShared(event.data as SharedTokens);
  return { share: (shared) => channel.postMessage(shared) };
}
