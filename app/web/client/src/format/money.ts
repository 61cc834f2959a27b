/** Money: integers in minor units to and from what a person reads and types. Never floats. */
import type { Currency } from "../protocol";

export const CURRENCIES: readonly Currency[] = ["KRW", "USD", "EUR", "JPY"];
export const AMOUNT_MAX = 1_000_000_000_000;

const DIGITS: Readonly<Record<Currency, number>> = { KRW: 0, JPY: 0, USD: 2, EUR: 2 };

/** Digits after the decimal point of a currency. */
export function minorDigits(currency: Currency): number {
  return DIGITS[currency];
}

/** `amount` minor units as a person of `locale` reads them. */
export function moneyText(amount: number, currency: Currency, locale: string): string {
  const digits = minorDigits(currency);
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(majorText(amount, currency) as Intl.StringNumericLiteral);
}

/** `amount` minor units as plain digits with a point: what an input field holds. */
export function majorText(amount: number, currency: Currency): string {
  const digits = minorDigits(currency);
  if (digits === 0) return String(amount);
  const padded = String(amount).padStart(digits + 1, "0");
  return `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

/** What was typed, in minor units; null unless it is a sum the house takes (1 to 10^12). */
export function parseMoney(text: string, currency: Currency): number | null {
  const digits = minorDigits(currency);
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text.replace(/[\s,_]/g, ""));
  const fraction = match?.[2] ?? "";
  if (!match || fraction.length > digits) return null;
  const amount = Number(match[1] + fraction.padEnd(digits, "0"));
  return amount >= 1 && amount <= AMOUNT_MAX ? amount : null;
}
