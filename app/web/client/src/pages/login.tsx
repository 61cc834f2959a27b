/** Logging in; afterwards back to where one came from (`?next=`). */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { Field } from "../parts/field";
import { Form } from "../parts/form";
import { Link } from "../parts/link";
import { Page } from "../parts/page";
import { nextPath } from "../router";
import { logIn } from "../store/session";

export function LoginPage() {
  const email = useSignal("");
  const password = useSignal("");
  const submit = async () => {
    await logIn({ email: email.value, password: password.value });
    return nextPath();
  };
  return (
    <Page title={t("auth.login.title")} narrow>
      <Form submitLabel={t("auth.login.submit")} onSubmit={submit}>
        {(fault) => (
          <>
            <Field
              label={t("auth.email")}
              type="email"
              autoComplete="username"
              value={email.value}
              onText={(text) => {
                email.value = text;
              }}
              fault={fault("email")}
            />
            <Field
              label={t("auth.password")}
              type="password"
              autoComplete="current-password"
              value={password.value}
              onText={(text) => {
                password.value = text;
              }}
              fault={fault("password")}
            />
          </>
        )}
      </Form>
      <p class="quiet">
        {t("auth.login.other")} <Link to={`/signup${location.search}`}>{t("nav.signup")}</Link>
      </p>
    </Page>
  );
}
