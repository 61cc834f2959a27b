/** Money, times and names of bidders, as shown in the language now. */
import { computed } from "@preact/signals";
import { language, t } from "../i18n";
import type { Currency } from "../protocol";
import { moneyText } from "./money";

export function money(amount: number, currency: Currency): string {
  return moneyText(amount, currency, language.value);
}

const momentFormat = computed(
  () => new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }),
);
const clockFormat = computed(
  () => new Intl.DateTimeFormat(language.value, { timeStyle: "medium" }),
);

/** Date and time of day. */
export function moment(timestamp: string): string {
  return momentFormat.value.format(new Date(timestamp));
}

/** Time of day with seconds. */
export function timeOfDay(timestamp: string): string {
  return clockFormat.value.format(new Date(timestamp));
}

/** How a bidder is called: `Bidder 7`, or `You`. */
export function bidderName(alias: number, ownAlias: number | null): string {
  return alias === ownAlias ? t("bidder.you") : t("bidder.alias", { alias });
}
