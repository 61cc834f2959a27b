/** Where the link in the mail leads that proves an address. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { errorText, t } from "../i18n";
import { Link } from "../parts/link";
import { useMailToken } from "../parts/mail-token";
import { Page } from "../parts/page";
import { SendAgain } from "../parts/proof-notice";
import { proveEmail, user } from "../store/session";
import { problemOf } from "../wire/http";

export function VerifyPage() {
  const token = useMailToken();
  const code = useSignal<string | null | undefined>(undefined);
  useEffect(() => {
    const prove = async () => {
      const problem = token === "" ? "INVALID" : (await problemOf(() => proveEmail(token)))?.code;
      code.value = problem ?? null;
    };
    void prove();
  }, [token]);
  return (
    <Page title={t("verify.title")} narrow>
      <p role="status">
        {code.value === undefined && t("page.loading")}
        {code.value === null && t("verify.done")}
      </p>
      {code.value && <Failed code={code.value} />}
      {code.value === null && (
        <p class="row">
          <Link to="/">{t("page.missing.home")}</Link>
        </p>
      )}
    </Page>
  );
}

function Failed({ code }: { code: string }) {
  return (
    <>
      <p role="alert" class="fault">
        {code === "INVALID" ? t("mail.token.not_good") : errorText(code)}
      </p>
      {user.value && !user.value.email_proved && <SendAgain />}
      {user.value?.email_proved && (
        <p class="row">
          <Link to="/account">{t("no_email.account")}</Link>
        </p>
      )}
    </>
  );
}
