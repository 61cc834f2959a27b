/** A new e-mail address for the account, or its first; it counts once the link in the mail is used. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { api, user } from "../store/session";
import { Field } from "./field";
import { Form } from "./form";
import { PasswordField } from "./password-field";

export function AccountEmail() {
  const email = useSignal("");
  const password = useSignal("");
  const sentTo = useSignal<string | null>(null);
  const hasPassword = user.value?.has_password ?? true;
  const hasEmail = user.value?.email !== null;
  const submit = async () => {
    sentTo.value = null;
    const asked = { email: email.value };
    await api.changeEmail(hasPassword ? { ...asked, password: password.value } : asked);
    sentTo.value = email.value;
    email.value = "";
    password.value = "";
    return null;
  };
  return (
    <section class="panel" aria-labelledby="email">
      <h2 id="email">{t(hasEmail ? "email.change" : "email.add")}</h2>
      <p class="quiet">{t(hasEmail ? "email.change.hint" : "email.add.hint")}</p>
      {!hasPassword && <p class="quiet">{t("account.fresh")}</p>}
      <Form submitLabel={t("email.submit")} onSubmit={submit}>
        {(fault) => (
          <>
            <Field
              label={t("email.new")}
              type="email"
              autoComplete="email"
              maxLength={254}
              value={email.value}
              onText={(text) => {
                email.value = text;
              }}
              fault={fault("email")}
            />
            {hasPassword && <PasswordField password={password} fault={fault("password")} />}
          </>
        )}
      </Form>
      <p role="status">{sentTo.value && t("email.sent", { email: sentTo.value })}</p>
    </section>
  );
}
