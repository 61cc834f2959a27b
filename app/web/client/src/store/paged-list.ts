/** A list of the HTTP API, read page by page. */
import { signal } from "@preact/signals";
import type { Listed } from "../wire/api";
import { HttpProblem } from "../wire/http";

export type LoadPage<T> = (cursor: string | undefined) => Promise<Listed<T>>;

export class PagedList<T> {
  readonly items = signal<readonly T[]>([]);
  readonly nextCursor = signal<string | null>(null);
  readonly loading = signal(false);
  /** An error code, when the last page asked for did not come. */
  readonly error = signal<string | null>(null);

  constructor(private readonly load: LoadPage<T>) {}

  /** Reads the next page: the first, when there is none yet. Does nothing while one is on its way. */
  async more(): Promise<void> {
    if (this.loading.peek()) return;
    this.loading.value = true;
    try {
      const page = await this.load(this.nextCursor.peek() ?? undefined);
      this.items.value = [...this.items.peek(), ...page.items];
      this.nextCursor.value = page.next_cursor;
      this.error.value = null;
    } catch (error) {
      this.error.value = error instanceof HttpProblem ? error.code : "INTERNAL";
    }
    this.loading.value = false;
  }
}
