/**
 * Something read over HTTP while there is no live connection: soon after it is lost, then every few
 * seconds. Nothing is read while nobody looks.
 */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { HttpProblem } from "../wire/http";
import { connection, onWake, wire } from "./live";

const EVERY_MS = 3_000;
/** Most lost connections are back sooner; the rest do not ask all at once. */
const FIRST_MS = 500;
const FIRST_JITTER_MS = 1_000;

export interface PollOptions<Found> {
  /** Whether the live connection tells everything, so that nothing need be read. */
  isLive: ReadonlySignal<boolean>;
  /** Whether there is something to show: then nothing is read once the connection is given up. */
  hasFound: () => boolean;
  read: () => Promise<Found>;
  onFound: (found: Found) => void;
  /** Called with the code of a problem. */
  onProblem?: (code: string) => void;
}

export class Poll<Found> {
  /** Whether the last reading came and is younger than two turns. */
  readonly isFresh = signal(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private hasFailed = false;
  private turn = 0;
  private readonly stops: (() => void)[];

  constructor(private readonly options: PollOptions<Found>) {
    this.stops = [
      effect(() => {
        if (options.isLive.value) this.rest();
        else this.readIn(FIRST_MS + Math.random() * FIRST_JITTER_MS);
      }),
      onWake(() => {
        if (!options.isLive.peek()) this.readIn(0);
      }),
    ];
  }

  close(): void {
    for (const stop of this.stops) stop();
    this.rest();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.turn += 1;
    this.isFresh.value = false;
    this.hasFailed = false;
  }

  private readIn(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.read(), delayMs);
  }

  private async read(): Promise<void> {
    if (!isTriedAgain() && this.options.hasFound()) return;
    if (document.visibilityState === "hidden") this.isFresh.value = false;
    else await this.readOnce();
    if (!this.options.isLive.peek()) this.readIn(EVERY_MS);
  }

  private async readOnce(): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    try {
      const found = await this.options.read();
      if (turn === this.turn) this.succeeded(found);
    } catch (error) {
      if (turn === this.turn) this.failed(error);
    }
  }

  /** The server is reached: if it was not before, the live connection need not wait any longer. */
  private succeeded(found: Found): void {
    this.options.onFound(found);
    this.isFresh.value = isTriedAgain();
    if (this.hasFailed) wire.wake();
    this.hasFailed = false;
  }

  private failed(error: unknown): void {
    if (!(error instanceof HttpProblem)) throw error;
    this.isFresh.value = false;
    this.hasFailed = error.code === "NETWORK";
    this.options.onProblem?.(error.code);
  }
}

/** Whether a live connection is being tried for: the user has not been told that there is none. */
function isTriedAgain(): boolean {
  return connection.peek() !== "crowded" && connection.peek() !== "stopped";
}
