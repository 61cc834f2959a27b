/** Which auctions a list shows, as the address says it: `/?status=closed&query=Film+camera`. */
import type { AuctionFilter } from "../wire/api";

export const STATUSES = ["open", "scheduled", "closed"] as const;
export const SORTS = ["ending", "newest", "price"] as const;
const QUERY_MAX = 120;

export interface Filter {
  status: (typeof STATUSES)[number];
  sort: (typeof SORTS)[number];
  query: string;
}

const DEFAULT: Filter = { status: "open", sort: "ending", query: "" };

/** The filter an address names; what it says wrong is as if it were not said. */
export function filterOf(search: string): Filter {
  const said = new URLSearchParams(search);
  return {
    status: STATUSES.find((known) => known === said.get("status")) ?? DEFAULT.status,
    sort: SORTS.find((known) => known === said.get("sort")) ?? DEFAULT.sort,
    query: (said.get("query") ?? "").trim().slice(0, QUERY_MAX),
  };
}

/** The address that names a filter: only what is not the default. */
export function pathOf(filter: Filter): string {
  const said = new URLSearchParams();
  for (const name of ["status", "query", "sort"] as const) {
    if (filter[name] !== DEFAULT[name]) said.set(name, filter[name]);
  }
  return said.size === 0 ? "/" : `/?${said}`;
}

/** As the API takes it. */
export function queryOf({ query, ...rest }: Filter): AuctionFilter {
  return { ...rest, query: query === "" ? undefined : query };
}
