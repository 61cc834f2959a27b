// The event loop of one VU: what it still waits for, so that an iteration ends when k6's would.

/** Counts timers, sockets and requests that are under way. */
export class Loop {
  constructor() {
    /** @type {Set<() => void>} what cancels each of them */
    this.pending = new Set();
    /** @type {(() => void)[]} */
    this.onIdle = [];
  }

  /**
   * Something begins; the result says that it ended. After `interrupt` nothing ends any more.
   * @param {() => void} cancel
   */
  begin(cancel) {
    this.pending.add(cancel);
    return () => {
      if (this.pending.delete(cancel) && !this.pending.size) {
        for (const resolve of this.onIdle.splice(0)) {
          resolve();
        }
      }
    };
  }

  /** Resolves when nothing is under way. */
  idle() {
    if (!this.pending.size) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.onIdle.push(() => resolve(undefined));
    });
  }

  /** Cancels all that is under way. */
  interrupt() {
    for (const cancel of [...this.pending]) {
      cancel();
    }
    this.pending.clear();
  }
}
