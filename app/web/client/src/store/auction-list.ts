/** The list of auctions: which, in pages by HTTP; what is in each is read from `auctions.ts`. */
import { computed, signal } from "@preact/signals";
import type { Auction, PriceItem } from "../protocol";
import { keepItems } from "../scroll";
import type { AuctionFilter } from "../wire/api";
import { HttpProblem } from "../wire/http";
import { followPrices, learn } from "./auctions";
import { connection } from "./live";
import { firstLimit } from "./paged-list";
import { Poll } from "./poll";
import { api } from "./session";

const RELOAD_AFTER_MS = 1_000;

export class AuctionList {
  readonly items = signal<readonly Auction[]>([]);
  readonly nextCursor = signal<string | null>(null);
  readonly loading = signal(true);
  readonly error = signal<string | null>(null);
  private filter: AuctionFilter = {};
  private request = 0;
  private reload: ReturnType<typeof setTimeout> | undefined;
  private readonly stop = followPrices((items) => this.prices(items));
  private readonly poll = new Poll({
    isLive: computed(() => connection.value === "live"),
    hasFound: () => this.items.peek().length > 0,
    read: () => api.auctions({ ...this.filter, limit: firstLimit() }),
    onFound: ({ items }) => {
      learn(items);
      this.prices(items);
    },
  });

  close(): void {
    clearTimeout(this.reload);
    this.poll.close();
    this.request += 1;
    this.stop();
  }

  /** Shows the first page of what `filter` lets through. */
  async show(filter: AuctionFilter): Promise<void> {
    this.filter = filter;
    await this.load([], { ...filter, limit: firstLimit() });
  }

  /** Adds the next page; not while another list is on its way, of which this would be no page. */
  async more(): Promise<void> {
    const cursor = this.nextCursor.peek();
    if (cursor && !this.loading.peek())
      await this.load(this.items.peek(), { ...this.filter, cursor });
  }

  private async load(before: readonly Auction[], filter: AuctionFilter): Promise<void> {
    this.request += 1;
    const request = this.request;
    this.loading.value = true;
    try {
      const page = await api.auctions(filter);
      if (request !== this.request) return;
      learn(page.items);
      this.items.value = [...before, ...page.items];
      keepItems(this.items.peek().length);
      this.nextCursor.value = page.next_cursor;
      this.error.value = null;
    } catch (error) {
      if (request !== this.request) return;
      this.error.value = error instanceof HttpProblem ? error.code : "INTERNAL";
    }
    this.loading.value = false;
  }

  private prices(told: readonly Pick<PriceItem, "id" | "status">[]): void {
    const known = new Set(this.items.peek().map((auction) => auction.id));
    const isNew = told.some((price) => !known.has(price.id) && price.status === this.filter.status);
    if (isNew) this.reloadSoon();
  }

  /** A list with pages to come is left as it is: what is new may belong on one of those. */
  private reloadSoon(): void {
    clearTimeout(this.reload);
    this.reload = setTimeout(() => {
      if (!this.nextCursor.peek()) void this.show(this.filter);
    }, RELOAD_AFTER_MS);
  }
}
