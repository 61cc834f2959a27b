/** Says when what is shown is not live. */
import { t } from "../i18n";
import { connectAgain, crowdedOut, wireState } from "../store/live";

export function ConnectionBar() {
  const state = wireState.value;
  return (
    <div role="status" class="connection" data-state={state}>
      {state === "waiting" && t("wire.waiting")}
      {state === "stopped" && (
        <>
          {crowdedOut.value ? t("wire.too_many") : t("wire.stopped")}{" "}
          <button type="button" class="plain" onClick={connectAgain}>
            {t("wire.retry")}
          </button>
        </>
      )}
    </div>
  );
}
