/** What a seller types, and the bodies it makes. Faults have the names and shape of the server's. */
import { readMoney } from "../format/money";
import type { AuctionCreate, Currency, ProductCreate } from "../protocol";
import { type FieldFault, HttpProblem } from "../wire/http";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long an auction runs; null: a live lot, whose length the house sets. */
const LENGTH_MS = {
  live: null,
  "5m": 5 * MINUTE_MS,
  "1h": 60 * MINUTE_MS,
  "1d": DAY_MS,
  "3d": 3 * DAY_MS,
  "7d": 7 * DAY_MS,
} as const;
export type Length = keyof typeof LENGTH_MS;
export const LENGTHS = Object.keys(LENGTH_MS) as readonly Length[];

/** The fields as typed. */
export interface Listing {
  name: string;
  description: string;
  currency: Currency;
  startingPrice: string;
  reservePrice: string;
  buyNowPrice: string;
  length: Length;
  startsAt: string;
}

export const EMPTY_LISTING: Listing = {
  name: "",
  description: "",
  currency: "KRW",
  startingPrice: "",
  reservePrice: "",
  buyNowPrice: "",
  length: "1h",
  startsAt: "",
};

export function productOf({ name, description, currency }: Listing): ProductCreate {
  return { name, description, currency, sale_type: "auction" };
}

/**
 * The auction's body without its product; `nowMs` is the server's time, a start before it is now.
 * Throws HttpProblem INVALID naming all that is missing or cannot be read, in the order of the form.
 */
export function auctionOf(listing: Listing, nowMs: number): Omit<AuctionCreate, "product_id"> {
  const { starting_price, reserve_price, buy_now_price } = pricesOf(listing);
  const startsMs = Math.max(nowMs, Date.parse(listing.startsAt) || nowMs);
  const lengthMs = LENGTH_MS[listing.length];
  return {
    starting_price: starting_price ?? 0,
    ...(reserve_price === null ? {} : { reserve_price }),
    ...(buy_now_price === null ? {} : { buy_now_price }),
    ...(listing.startsAt === "" ? {} : { starts_at: new Date(startsMs).toISOString() }),
    ...(lengthMs === null
      ? { mode: "live" as const }
      : { ends_at: new Date(startsMs + lengthMs).toISOString() }),
  };
}

/** Each price in minor units, null where nothing was typed; name and starting price are needed. */
function pricesOf(listing: Listing) {
  const faults: FieldFault[] = [];
  const refuse = (field: string, code: string) => faults.push({ field, code, message: "" });
  if (listing.name.trim() === "") refuse("name", "EMPTY");
  const read = (field: string, typed: string, isNeeded: boolean) => {
    const { amount, fault } = readMoney(typed, listing.currency);
    if (fault && (isNeeded || fault !== "EMPTY")) refuse(field, fault);
    return amount;
  };
  const prices = {
    starting_price: read("starting_price", listing.startingPrice, true),
    reserve_price: read("reserve_price", listing.reservePrice, false),
    buy_now_price: read("buy_now_price", listing.buyNowPrice, false),
  };
  if (faults.length > 0) throw new HttpProblem("INVALID", 422, faults);
  return prices;
}
