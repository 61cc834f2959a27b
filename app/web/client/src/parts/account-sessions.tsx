/** Where the user is signed in; each can be ended, or all others at once. */
import { useSignal } from "@preact/signals";
import { moment } from "../format";
import { deviceName } from "../format/device";
import { errorText, t } from "../i18n";
import type { Session } from "../protocol";
import { api } from "../store/session";
import { HttpProblem } from "../wire/http";
import { Paged } from "./paged";

export function AccountSessions() {
  const round = useSignal(0); // the list is read anew after each end
  const problem = useSignal<string | null>(null);
  const end = async (work: () => Promise<unknown>) => {
    problem.value = await codeOf(work);
    round.value += 1;
  };
  return (
    <section class="panel" aria-labelledby="sessions">
      <h2 id="sessions">{t("sessions.title")}</h2>
      <Paged key={round.value} load={api.sessions} empty="" class="sessions">
        {(session) => (
          <Item
            key={session.id}
            session={session}
            onEnd={() => end(() => api.endSession(session.id))}
          />
        )}
      </Paged>
      <p role="alert" class="fault">
        {problem.value && errorText(problem.value)}
      </p>
      <button type="button" onClick={() => void end(api.endOtherSessions)}>
        {t("sessions.end_others")}
      </button>
    </section>
  );
}

function Item({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const device = deviceName(session.device);
  return (
    <li data-testid="session" class="row spread">
      <div>
        <p>
          {device} {session.current && <span class="pill">{t("sessions.current")}</span>}
        </p>
        <p class="quiet small">
          {t("sessions.used", { time: moment(session.last_used_at) })}
          {session.address && ` · ${session.address}`}
        </p>
      </div>
      {!session.current && (
        <button type="button" aria-label={t("sessions.end.device", { device })} onClick={onEnd}>
          {t("sessions.end")}
        </button>
      )}
    </li>
  );
}

/** The error code of what failed; what has ended already is as good as ended. */
async function codeOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    if (error.code !== "NOT_FOUND") return error.code;
  }
  return null;
}
