/** A list of the HTTP API, read page by page. */
import { signal } from "@preact/signals";
import { keepItems, keptItems } from "../scroll";
import type { Listed } from "../wire/api";
import { HttpProblem } from "../wire/http";

export type LoadPage<T> = (cursor: string | undefined, limit: number) => Promise<Listed<T>>;

const PAGE_ITEMS = 20;
const PAGE_ITEMS_MAX = 100; // the API gives no more at once

/** How long a first page is: as long as the whole list was when it was left, if it was. */
export function firstLimit(): number {
  return Math.min(Math.max(PAGE_ITEMS, keptItems() ?? 0), PAGE_ITEMS_MAX);
}

export class PagedList<T> {
  readonly items = signal<readonly T[]>([]);
  readonly nextCursor = signal<string | null>(null);
  readonly loading = signal(false);
  /** An error code, when the last page asked for did not come. */
  readonly error = signal<string | null>(null);

  private closed = false;

  constructor(private readonly load: LoadPage<T>) {}

  /** What still comes is nobody's any more. */
  close(): void {
    this.closed = true;
  }

  /** Reads the next page: the first, when there is none yet. Does nothing while one is on its way. */
  async more(): Promise<void> {
    if (this.loading.peek()) return;
    this.loading.value = true;
    try {
      const cursor = this.nextCursor.peek() ?? undefined;
      const page = await this.load(cursor, cursor ? PAGE_ITEMS : firstLimit());
      if (this.closed) return;
      this.items.value = [...this.items.peek(), ...page.items];
      keepItems(this.items.peek().length);
      this.nextCursor.value = page.next_cursor;
      this.error.value = null;
    } catch (error) {
      this.error.value = error instanceof HttpProblem ? error.code : "INTERNAL";
    }
    this.loading.value = false;
  }
}
