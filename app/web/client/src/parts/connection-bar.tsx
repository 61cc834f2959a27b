/** Says when what is shown is not live, why, and what can be done about it. */
import { type Key, t } from "../i18n";
import { type Connection, connectAgain, connection } from "../store/live";

const TEXTS = {
  lost: "wire.lost",
  crowded: "wire.crowded",
  stopped: "wire.stopped",
} as const satisfies Partial<Record<Connection, Key>>;

export function ConnectionBar() {
  const state = connection.value;
  const isShown = state !== "starting" && state !== "live";
  return (
    <div role="status" class="connection" data-state={state}>
      {isShown && t(TEXTS[state])}
      {isShown && state !== "lost" && (
        <>
          {" "}
          <button type="button" class="plain" onClick={connectAgain}>
            {t(state === "crowded" ? "wire.continue" : "wire.retry")}
          </button>
        </>
      )}
    </div>
  );
}
