/** Money: integers in minor units to and from what a person reads and types. Never floats. */
import type { Currency } from "../protocol";

export const CURRENCIES: readonly Currency[] = ["KRW", "USD", "EUR", "JPY"];
export const AMOUNT_MAX = 1_000_000_000_000;

const DIGITS: Readonly<Record<Currency, number>> = { KRW: 0, JPY: 0, USD: 2, EUR: 2 };

/** What people write before or after a sum, in small letters; longer ones first. */
const SIGNS: Readonly<Record<Currency, readonly string[]>> = {
  KRW: ["krw", "won", "₩", "원"],
  USD: ["dollars", "dollar", "usd", "us$", "달러", "$"],
  EUR: ["euros", "euro", "eur", "유로", "€"],
  JPY: ["jpy", "yen", "¥", "円", "엔"],
};

const SPACES = /[\s\u00a0\u2009\u202f\u3000]+/g;
/** Digits, or groups of three with one and the same separator; then perhaps a point and decimals. */
const NUMBER = /^(\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)(?:\.(\d+))?$/;
/** A comma that may be a decimal comma, a point that may separate thousands. */
const UNCLEAR = /^[\d ,.]*\d(?:,\d{1,2}|\.\d{3})$/;

/** Why a text is no sum of money. */
export type MoneyFault = "EMPTY" | "UNREADABLE" | "AMBIGUOUS" | "TOO_SMALL" | "TOO_LARGE";

/** What a person meant: minor units, or why it cannot be told. */
export type MoneyReading = { amount: number; fault: null } | { amount: null; fault: MoneyFault };

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

/**
 * Reads what was typed. Full-width digits, thousands separators and the currency's own sign or word
 * are understood; what could be two sums is refused, never guessed.
 */
export function readMoney(text: string, currency: Currency): MoneyReading {
  const number = withoutSign(halfWidth(text), currency);
  if (number === "") return refusal("EMPTY");
  const digits = minorDigits(currency);
  const [, whole = "", fraction = ""] = NUMBER.exec(number) ?? [];
  if (whole === "" || fraction.length > digits) return refusal(unreadable(number, digits));
  const amount = Number(whole.replace(/\D/g, "") + fraction.padEnd(digits, "0"));
  if (amount < 1) return refusal("TOO_SMALL");
  return amount > AMOUNT_MAX ? refusal("TOO_LARGE") : { amount, fault: null };
}

function refusal(fault: MoneyFault): MoneyReading {
  return { amount: null, fault };
}

function unreadable(number: string, digits: number): MoneyFault {
  const isUnclear = UNCLEAR.test(number) && (digits > 0 || !number.includes(","));
  return isUnclear ? "AMBIGUOUS" : "UNREADABLE";
}

/** The text in ASCII where it was typed full-width (`１，０００．５`), and with single spaces. */
function halfWidth(text: string): string {
  const narrow = text.replace(/[！-～￥￦]/g, (wide) => {
    if (wide === "￥") return "¥";
    return wide === "￦" ? "₩" : String.fromCharCode(wide.charCodeAt(0) - 0xfee0);
  });
  return narrow.replace(SPACES, " ").trim().toLowerCase();
}

/** The text without one sign or word of the currency, before or after the number. */
function withoutSign(text: string, currency: Currency): string {
  for (const sign of SIGNS[currency]) {
    if (text.startsWith(sign)) return text.slice(sign.length).trim();
    if (text.endsWith(sign)) return text.slice(0, -sign.length).trim();
  }
  return text;
}
