/** A notice in words. */
import { money } from "../format";
import { CURRENCIES } from "../format/money";
import { t } from "../i18n";
import type { Notice } from "../protocol";

export function noticeText({ kind, params }: Notice): string {
  if (kind === "unsold" || kind === "ending_soon" || kind === "cancelled")
    return t(`notice.${kind}`);
  return t(`notice.${kind}`, { price: priceText(params) });
}

function priceText({ price, currency }: Notice["params"]): string {
  const known = CURRENCIES.find((code) => code === currency);
  return typeof price === "number" && known ? money(price, known) : String(price ?? "–");
}
