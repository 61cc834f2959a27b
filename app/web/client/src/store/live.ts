/** The one live connection of the page: socket, server's clock, pushes to whom they concern. */
import { signal } from "@preact/signals";
import type { PushFrame, Welcome } from "../protocol";
import { TOO_MANY_SOCKETS, UNAUTHENTICATED } from "../wire/close-codes";
import { ServerClock } from "../wire/server-clock";
import { Wire, type WireState } from "../wire/socket";
import { freshToken, leave, onRenewed, renew, user } from "./session";

const CLOCK_EVERY_MS = 60_000;
const CLOCK_FIRST_SAMPLES = 3;
/** A refused token is renewed once in this time; after that the session is over. */
const REVIVE_ONCE_MS = 60_000;

type Of<Type extends PushFrame["type"]> = Extract<PushFrame, { type: Type }>;
type Listener = (push: PushFrame) => void;

export const wireState = signal<WireState>("connecting");
export const crowdedOut = signal(false);
export const clock = new ServerClock();

const listeners = new Map<string, Set<Listener>>();
const welcomers = new Set<() => void>();
let revivedMs = Number.NEGATIVE_INFINITY;

export const wire = new Wire({
  open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`),
  token: freshToken,
  onState: (state) => {
    wireState.value = state;
  },
  onWelcome: welcomed,
  onPush: (push) => {
    for (const listener of listeners.get(push.type) ?? []) listener(push);
  },
  onFinalClose: (code) => void closed(code),
});

/** `listener` gets every push of `type` until the returned function is called. */
export function onPush<T extends PushFrame["type"]>(type: T, listener: (push: Of<T>) => void) {
  const known = listeners.get(type) ?? new Set();
  listeners.set(type, known.add(listener as Listener));
  return () => known.delete(listener as Listener);
}

/** `listener` runs each time the connection is there (again). */
export function onConnected(listener: () => void): void {
  welcomers.add(listener);
}

/** Connects, follows who is signed in, and keeps the clock right. */
export function goLive(): void {
  wire.start();
  let userId = user.value?.id;
  user.subscribe((now) => {
    if (now?.id === userId) return;
    userId = now?.id;
    wire.restart();
  });
  onRenewed((token) => wire.renew(token));
  setInterval(() => void askTime(), CLOCK_EVERY_MS);
  addEventListener("online", () => wire.hurry());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wire.hurry();
  });
}

/** Connects again after a final close, because the user asked for it. */
export function connectAgain(): void {
  crowdedOut.value = false;
  wire.start();
}

function welcomed(welcome: Welcome): void {
  crowdedOut.value = false;
  clock.reset();
  clock.guess(welcome.server_ms);
  for (const listener of welcomers) listener();
  void sampleClock();
}

async function sampleClock(): Promise<void> {
  for (let taken = 0; taken < CLOCK_FIRST_SAMPLES; taken += 1) await askTime();
}

async function askTime(): Promise<void> {
  if (!wire.isOpen) return;
  const sentMs = Date.now();
  const answer = await wire.request({ type: "time", client_ms: sentMs }).catch(() => null);
  if (answer) clock.sample(sentMs, answer.server_ms);
}

async function closed(code: number): Promise<void> {
  crowdedOut.value = code === TOO_MANY_SOCKETS;
  if (code !== UNAUTHENTICATED || !user.value) return;
  const mayRevive = Date.now() - revivedMs > REVIVE_ONCE_MS;
  revivedMs = Date.now();
  if (mayRevive && (await renew())) wire.start();
  else {
    leave(); // the change of user connects again, as a guest
    wire.start();
  }
}
