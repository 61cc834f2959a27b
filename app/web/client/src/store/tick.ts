/** The server's time as a signal, moved on a few times a second for clocks on the page. */
import { signal } from "@preact/signals";
import { clock } from "./live";

const TICK_MS = 200;

export const serverNowMs = signal(clock.nowMs());

setInterval(() => {
  serverNowMs.value = clock.nowMs();
}, TICK_MS);
