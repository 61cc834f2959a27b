/** A new password; with it all sessions end, and one logs in again. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { changePassword } from "../store/session";
import { Field } from "./field";
import { Form } from "./form";

export function AccountPassword() {
  const current = useSignal("");
  const password = useSignal("");
  const submit = async () => {
    await changePassword({ current: current.value, password: password.value });
    return null; // nobody is signed in any more, and the page says so
  };
  return (
    <section class="panel" aria-labelledby="password">
      <h2 id="password">{t("password.title")}</h2>
      <Form submitLabel={t("password.submit")} onSubmit={submit}>
        {(fault) => (
          <>
            <Field
              label={t("password.current")}
              type="password"
              autoComplete="current-password"
              value={current.value}
              onText={(text) => {
                current.value = text;
              }}
              fault={fault("current")}
            />
            <Field
              label={t("password.new")}
              type="password"
              autoComplete="new-password"
              hint={t("auth.password.hint")}
              value={password.value}
              onText={(text) => {
                password.value = text;
              }}
              fault={fault("password")}
            />
          </>
        )}
      </Form>
      <p class="quiet">{t("password.hint")}</p>
    </section>
  );
}
