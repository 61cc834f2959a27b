/** Reminds a member whose e-mail is not proved, and sends the mail again. */
import { useSignal } from "@preact/signals";
import { errorText, t } from "../i18n";
import { api, user } from "../store/session";
import { problemOf } from "../wire/http";

export function ProofNotice() {
  const who = user.value;
  if (!who?.email || who.email_proved) return null;
  return (
    <aside class="proof" aria-label={t("verify.title")}>
      <span>{t("proof.wanted", { email: who.email })}</span> <SendAgain />
    </aside>
  );
}

/** The button that sends the proof again, and what came of it. */
export function SendAgain() {
  const told = useSignal<string | null>(null);
  const busy = useSignal(false);
  const send = async () => {
    if (busy.value) return;
    busy.value = true;
    const problem = await problemOf(() => api.askProof());
    told.value = problem ? errorText(problem.code) : t("proof.sent");
    busy.value = false;
  };
  return (
    <>
      <button type="button" class="plain" aria-disabled={busy.value} onClick={send}>
        {t("proof.again")}
      </button>{" "}
      <span role="status">{told.value}</span>
    </>
  );
}
