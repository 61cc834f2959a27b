/** Asks again before a bid that is far above the price or buys at once, and says which (rule 15). */
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";

interface Props {
  /** Why it is asked, in words. */
  reason: string;
  /** What "yes" does, in words. */
  yes: string;
  onYes: () => void;
  onNo: () => void;
}

export function ConfirmBid({ reason, yes, onYes, onNo }: Props) {
  const id = useId();
  const title = useFocusWhileShown();
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") onNo();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onNo]);
  return (
    <div
      class="confirm"
      role="alertdialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-reason`}
    >
      <h3 id={`${id}-title`} ref={title} tabIndex={-1}>
        {t("bid.confirm.title")}
      </h3>
      <p id={`${id}-reason`}>
        {reason} {t("bid.confirm.final")}
      </p>
      <div class="row wrap">
        <button type="button" class="primary" onClick={onYes}>
          {yes}
        </button>
        <button type="button" onClick={onNo}>
          {t("bid.confirm.no")}
        </button>
      </div>
    </div>
  );
}

/** Takes the focus to the title, and gives it back to where it was. */
function useFocusWhileShown() {
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    title.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return title;
}
