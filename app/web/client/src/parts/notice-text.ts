/** A notice in words, with the name of what it is about. */
import { money } from "../format";
import { CURRENCIES } from "../format/money";
import { t } from "../i18n";
import type { Notice } from "../protocol";

export function noticeText({ kind, params }: Notice): string {
  const product = textOf(params.product) ?? t("notice.some_product");
  const price = priceText(params);
  if (kind === "lost" && price === null) return t("notice.lost.unsold", { product });
  if (
    kind === "outbid" ||
    kind === "leading" ||
    kind === "won" ||
    kind === "lost" ||
    kind === "sold"
  ) {
    return t(`notice.${kind}`, { product, price: price ?? "" });
  }
  const reason = textOf(params.reason);
  if (kind === "cancelled" && reason) return t("notice.cancelled.reason", { product, reason });
  if (kind === "voided") return t("notice.voided", { product, reason: reason ?? "" });
  return t(`notice.${kind}`, { product });
}

function priceText({ price, currency }: Notice["params"]): string | null {
  const known = CURRENCIES.find((code) => code === currency);
  return typeof price === "number" && known ? money(price, known) : null;
}

function textOf(value: string | number | null | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
