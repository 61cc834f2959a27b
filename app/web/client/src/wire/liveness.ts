/**
 * Whether the other side of a socket still answers (wire.md, Liveness). A browser does not see pings,
 * so after a silence it asks; whatever comes then is a sign of life. After waking only the answer is
 * one: what else comes may have been waiting since before.
 */

/** Silence after which the other side is asked; a price on screen is never older than this and DEAD_MS. */
export const QUIET_MS = 5_000;
/** The same while nobody looks: as seldom as wire.md allows. */
export const QUIET_HIDDEN_MS = 15_000;
/** No sign of life this long after a question is a dead socket. */
export const DEAD_MS = 5_000;
/** After waking, what is on screen is doubted when no sign of life comes within this time. */
export const DOUBT_MS = 1_500;

type Timer = ReturnType<typeof setTimeout> | undefined;

export interface LivenessOptions {
  /** Asks the other side anything; true when it has answered. */
  probe: () => Promise<boolean>;
  onDoubt: () => void;
  /** Called when a sign of life ends a doubt. */
  onSure: () => void;
  onDead: () => void;
  isHidden: () => boolean;
}

export class Liveness {
  private heardMs = 0;
  private asked = false;
  private wakes = 0;
  private isWaking = false;
  private doubted = false;
  private quietTimer: Timer;
  private doubtTimer: Timer;
  private deadTimer: Timer;

  constructor(private readonly options: LivenessOptions) {}

  /** Begins with an open socket. */
  start(): void {
    this.stop();
    this.heardMs = Date.now();
    this.watch();
  }

  stop(): void {
    clearTimeout(this.quietTimer);
    this.calm();
  }

  /** Something came from the other side. */
  heard(): void {
    this.heardMs = Date.now();
    if (this.asked && !this.isWaking) this.calm();
  }

  /** Asks at once, because the page has woken and may have missed everything. */
  wake(): void {
    this.wakes += 1;
    const wake = this.wakes;
    this.isWaking = true;
    void this.ask().then((hasAnswered) => {
      if (hasAnswered && wake === this.wakes) this.calm();
    });
    clearTimeout(this.doubtTimer);
    this.doubtTimer = setTimeout(() => {
      this.doubted = true;
      this.options.onDoubt();
    }, DOUBT_MS);
  }

  private watch(): void {
    const limitMs = this.options.isHidden() ? QUIET_HIDDEN_MS : QUIET_MS;
    const leftMs = this.heardMs + limitMs - Date.now();
    if (leftMs <= 0) void this.ask();
    clearTimeout(this.quietTimer);
    this.quietTimer = setTimeout(() => this.watch(), leftMs > 0 ? leftMs : limitMs);
  }

  private ask(): Promise<boolean> {
    if (!this.asked) this.deadTimer = setTimeout(() => this.options.onDead(), DEAD_MS);
    this.asked = true;
    return this.options.probe();
  }

  private calm(): void {
    clearTimeout(this.doubtTimer);
    clearTimeout(this.deadTimer);
    this.asked = this.isWaking = false;
    if (this.doubted) this.options.onSure();
    this.doubted = false;
  }
}
