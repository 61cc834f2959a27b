/** Asking for a mail with a link to a new password. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { Field } from "../parts/field";
import { Form } from "../parts/form";
import { Page } from "../parts/page";
import { api } from "../store/session";

export function ForgotPage() {
  const email = useSignal("");
  const isSent = useSignal(false);
  const submit = async () => {
    isSent.value = false;
    await api.forgot({ email: email.value });
    isSent.value = true;
    return null;
  };
  return (
    <Page title={t("forgot.title")} narrow>
      <p class="quiet">{t("forgot.hint")}</p>
      <Form submitLabel={t("forgot.submit")} onSubmit={submit}>
        {(fault) => (
          <Field
            label={t("auth.email")}
            type="email"
            autoComplete="username"
            maxLength={254}
            value={email.value}
            onText={(text) => {
              email.value = text;
            }}
            fault={fault("email")}
          />
        )}
      </Form>
      <p role="status">{isSent.value && t("forgot.sent")}</p>
    </Page>
  );
}
