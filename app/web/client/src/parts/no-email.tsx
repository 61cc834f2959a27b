/** Says to who has no e-mail address here what that means, until it is put away. */
import { signal } from "@preact/signals";
import { t } from "../i18n";
import { user } from "../store/session";
import { Link } from "./link";

const STORED = "no-email-seen";

const seenBy = signal(localStorage.getItem(STORED));

export function NoEmail() {
  const who = user.value;
  if (who === null || who.email !== null || seenBy.value === String(who.id)) return null;
  const close = () => {
    localStorage.setItem(STORED, String(who.id));
    seenBy.value = String(who.id);
  };
  return (
    <aside class="no-email row spread" aria-label={t("no_email.title")}>
      <p>
        {t("no_email.text")} <Link to="/account">{t("no_email.account")}</Link>
      </p>
      <button type="button" class="plain" onClick={close}>
        {t("notices.close")}
      </button>
    </aside>
  );
}
