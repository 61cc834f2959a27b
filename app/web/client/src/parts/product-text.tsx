/** A product's description, asked for when it is shown. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { api } from "../store/session";

export function ProductText({ id }: { id: number }) {
  const text = useSignal("");
  useEffect(() => {
    let isCurrent = true;
    api.product(id).then(
      (product) => {
        if (isCurrent) text.value = product.description;
      },
      () => {}, // the auction is worth showing without it
    );
    return () => {
      isCurrent = false;
    };
  }, [id]);
  if (text.value === "") return null;
  return (
    <section aria-label={t("auction.description")}>
      <p class="description">{text.value}</p>
    </section>
  );
}
