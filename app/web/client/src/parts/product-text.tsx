/** The description of what an auction sells, as it was when it was put up. */
import { t } from "../i18n";
import type { Auction } from "../protocol";

export function ProductText({ product }: Pick<Auction, "product">) {
  if (!product.description) return null;
  return (
    <section aria-label={t("auction.description")}>
      <p class="description">{product.description}</p>
    </section>
  );
}
