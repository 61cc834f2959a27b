/** Where the link in the mail leads that lets somebody choose a new password. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { Field } from "../parts/field";
import { Form } from "../parts/form";
import { Link } from "../parts/link";
import { useMailToken } from "../parts/mail-token";
import { Page } from "../parts/page";
import { resetPassword } from "../store/session";

export function ResetPage() {
  const token = useMailToken();
  const password = useSignal("");
  const isDone = useSignal(false);
  const submit = async () => {
    await resetPassword({ token: token || "-", password: password.value });
    isDone.value = true;
    return null;
  };
  return (
    <Page title={t("reset.title")} narrow>
      <p role="status">{isDone.value && t("reset.done")}</p>
      {isDone.value ? (
        <Link to="/login" class="button primary">
          {t("nav.login")}
        </Link>
      ) : (
        <Form submitLabel={t("reset.submit")} onSubmit={submit}>
          {(fault) => (
            <>
              <Field
                label={t("reset.password")}
                type="password"
                autoComplete="new-password"
                hint={t("auth.password.hint")}
                maxLength={128}
                value={password.value}
                onText={(text) => {
                  password.value = text;
                }}
                fault={fault("password")}
              />
              {fault("token") && (
                <p role="alert" class="fault">
                  {fault("token")} <Link to="/forgot">{t("reset.again")}</Link>
                </p>
              )}
            </>
          )}
        </Form>
      )}
    </Page>
  );
}
