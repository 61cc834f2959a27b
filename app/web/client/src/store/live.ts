/** The one live connection of the page: socket, server's clock, pushes to whom they concern. */
import { computed, signal } from "@preact/signals";
import type { PushFrame, Welcome } from "../protocol";
import { TOO_MANY_SOCKETS, UNAUTHENTICATED } from "../wire/close-codes";
import { ServerClock } from "../wire/server-clock";
import { Wire, type WireState } from "../wire/socket";
import { dropToken, freshToken, hurryRenewal, onRenewed, user } from "./session";

/** As often as wire.md asks for a sign of life; each answer is a sample of the clock. */
const CLOCK_EVERY_MS = 15_000;
const CLOCK_FIRST_SAMPLES = 3;
/** A refused token is replaced at once, but only once in this time. */
const REVIVE_ONCE_MS = 60_000;
const REVIVE_AGAIN_MS = 15_000;

type Of<Type extends PushFrame["type"]> = Extract<PushFrame, { type: Type }>;
type Listener = (push: PushFrame) => void;

/**
 * What the user is told of the connection. `starting`: there has been none yet; `lost`: it is tried
 * again; `crowded`: given up for a newer page of the same user; `stopped`: given up.
 */
export type Connection = "starting" | "live" | "lost" | "crowded" | "stopped";

const wireState = signal<WireState>("connecting");
const hasFailed = signal(false);
const crowdedOut = signal(false);
export const connection = computed<Connection>(() => {
  if (wireState.value === "stopped") return crowdedOut.value ? "crowded" : "stopped";
  if (wireState.value === "open") return "live";
  return hasFailed.value ? "lost" : "starting";
});
/** Whether there is a socket; what came over it is complete, though perhaps not the newest. */
export const isConnected = computed(
  () => wireState.value === "open" || wireState.value === "doubtful",
);
export const clock = new ServerClock();

const listeners = new Map<string, Set<Listener>>();
const welcomers = new Set<() => void>();
const wakers = new Set<() => void>();
let revivedMs = Number.NEGATIVE_INFINITY;
let isGuest = true;

export const wire = new Wire({
  open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`),
  token: freshToken,
  onState: (state) => {
    wireState.value = state;
    if (state === "waiting" || state === "doubtful") hasFailed.value = true;
    else if (state === "open") hasFailed.value = false;
  },
  onWelcome: welcomed,
  onPush: (push) => {
    for (const listener of listeners.get(push.type) ?? []) listener(push);
  },
  onTime: (sentMs, serverMs) => clock.sample(sentMs, serverMs),
  onFinalClose: closed,
  isHidden: () => document.visibilityState === "hidden",
});

/** `listener` gets every push of `type` until the returned function is called. */
export function onPush<T extends PushFrame["type"]>(type: T, listener: (push: Of<T>) => void) {
  const known = listeners.get(type) ?? new Set();
  listeners.set(type, known.add(listener as Listener));
  return () => known.delete(listener as Listener);
}

/** `listener` runs each time the connection is there (again), until the returned function is called. */
export function onConnected(listener: () => void): () => void {
  welcomers.add(listener);
  return () => welcomers.delete(listener);
}

/** `listener` runs each time the page or the network wakes, until the returned function is called. */
export function onWake(listener: () => void): () => void {
  wakers.add(listener);
  return () => wakers.delete(listener);
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
  onRenewed((token) => {
    if (!wire.isOpen) return; // it takes the newest token when it connects
    if (isGuest) wire.restart();
    else wire.renew(token);
  });
  setInterval(() => void wire.askTime(), CLOCK_EVERY_MS);
  listenToWaking();
}

/** Connects again after a final close, because the user asked for it. */
export function connectAgain(): void {
  crowdedOut.value = false;
  wire.start();
}

function listenToWaking(): void {
  for (const type of ["online", "offline"]) addEventListener(type, wake);
  addEventListener("pageshow", (event) => {
    if (event.persisted) wake();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });
}

/** Whatever was known may be old: asks the socket, and tries at once what waits for its next try. */
function wake(): void {
  wire.wake();
  hurryRenewal();
  for (const listener of wakers) listener();
}

function welcomed(welcome: Welcome): void {
  crowdedOut.value = false;
  isGuest = welcome.user === null;
  clock.reset();
  clock.guess(welcome.server_ms);
  for (const listener of welcomers) listener();
  void sampleClock();
}

async function sampleClock(): Promise<void> {
  for (let taken = 0; taken < CLOCK_FIRST_SAMPLES; taken += 1) await wire.askTime();
}

function closed(code: number): void {
  crowdedOut.value = code === TOO_MANY_SOCKETS;
  if (code !== UNAUTHENTICATED) return;
  dropToken(); // the next connection gets another, or learns that the session is over
  const isSoon = Date.now() - revivedMs < REVIVE_ONCE_MS;
  revivedMs = Date.now();
  hasFailed.value = true;
  setTimeout(() => wire.start(), isSoon ? REVIVE_AGAIN_MS : 0);
}
