/** Asks again before a bid that is far above the price or buys at once (rule 15). */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";

export function ConfirmBid({ amount, onYes }: { amount: string; onYes: () => void }) {
  const refused = useSignal(false);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  if (refused.value) return null;
  return (
    <div class="confirm" role="alertdialog" aria-labelledby="confirm-title">
      <h3 id="confirm-title" ref={title} tabIndex={-1}>
        {t("bid.confirm.title")}
      </h3>
      <p>{t("bid.confirm.text", { amount })}</p>
      <div class="row wrap">
        <button type="button" class="primary" onClick={onYes}>
          {t("bid.confirm.yes", { amount })}
        </button>
        <button
          type="button"
          onClick={() => {
            refused.value = true;
          }}
        >
          {t("bid.confirm.no")}
        </button>
      </div>
    </div>
  );
}
