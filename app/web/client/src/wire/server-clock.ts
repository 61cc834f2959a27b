/**
 * The server's clock as seen from here. Of the newest samples the one with the shortest round trip
 * is believed: its offset is wrong by at most half that trip.
 */

const SAMPLES_MAX = 8;

interface Sample {
  offsetMs: number;
  tripMs: number;
}

export class ServerClock {
  private samples: Sample[] = [];

  constructor(private readonly localMs: () => number = Date.now) {}

  /** Takes in an answer `serverMs` to a question asked at `sentMs`, received now. */
  sample(sentMs: number, serverMs: number): void {
    const tripMs = Math.max(0, this.localMs() - sentMs);
    this.samples.push({ offsetMs: serverMs - (sentMs + tripMs / 2), tripMs });
    this.samples = this.samples.slice(-SAMPLES_MAX);
  }

  /** Takes in a time the server told unasked: believed only until there is a sample. */
  guess(serverMs: number): void {
    this.samples.push({ offsetMs: serverMs - this.localMs(), tripMs: Number.POSITIVE_INFINITY });
  }

  /** Forgets all samples, as after sleep or a step of the local clock. */
  reset(): void {
    this.samples = [];
  }

  /** Milliseconds since the epoch by the server's clock, as well as it is known. */
  nowMs(): number {
    const best = this.samples.reduce<Sample | null>(
      (chosen, sample) => (chosen && chosen.tripMs <= sample.tripMs ? chosen : sample),
      null,
    );
    return this.localMs() + (best?.offsetMs ?? 0);
  }
}
