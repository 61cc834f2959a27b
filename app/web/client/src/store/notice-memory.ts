/**
 * Which notices a user has been shown on this device, over reloads and in all tabs. What is stored
 * may be anything (an older page wrote it): only what has the right shape is believed.
 */

const STORED = "notices-shown";
const SEEN_MAX = 200; // twice what the server sends as unread

interface Memory {
  userId: number;
  /** A toast has told of every notice up to this one. */
  toldUpTo: number;
  /** Seen where they belong, and not acknowledged yet. */
  seen: number[];
}

export class NoticeMemory {
  constructor(
    private readonly store: Pick<Storage, "getItem" | "setItem">,
    private readonly userId: number,
  ) {}

  wasTold(id: number): boolean {
    return id <= this.read().toldUpTo;
  }

  tell(id: number): void {
    const memory = this.read();
    this.write({ ...memory, toldUpTo: Math.max(memory.toldUpTo, id) });
  }

  wasSeen(id: number): boolean {
    return this.read().seen.includes(id);
  }

  see(ids: readonly number[]): void {
    const memory = this.read();
    const seen = [...new Set([...memory.seen, ...ids])].slice(-SEEN_MAX);
    this.write({ ...memory, seen, toldUpTo: Math.max(memory.toldUpTo, ...ids) });
  }

  /** The newest seen notice that is older than `id`; null when there is none. */
  newestSeenBefore(id: number): number | null {
    return Math.max(0, ...this.read().seen.filter((seen) => seen < id)) || null;
  }

  /** The server knows of all notices up to this one. */
  forget(upTo: number): void {
    const memory = this.read();
    this.write({ ...memory, seen: memory.seen.filter((id) => id > upTo) });
  }

  private read(): Memory {
    const nothing = { userId: this.userId, toldUpTo: 0, seen: [] };
    const found = parsed(this.store.getItem(STORED));
    if (found?.userId !== this.userId || !Number.isSafeInteger(found.toldUpTo)) return nothing;
    const seen = Array.isArray(found.seen) ? found.seen.filter(Number.isSafeInteger) : [];
    return { userId: this.userId, toldUpTo: found.toldUpTo as number, seen };
  }

  private write(memory: Memory): void {
    this.store.setItem(STORED, JSON.stringify(memory));
  }
}

function parsed(text: string | null): Partial<Memory> | null {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
