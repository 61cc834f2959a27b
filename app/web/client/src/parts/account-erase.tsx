/** The part of the account page where an account is erased for good. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { eraseAccount, user } from "../store/session";
import { Form } from "./form";
import { PasswordField } from "./password-field";

export function AccountErase() {
  const password = useSignal("");
  const hasPassword = user.value?.has_password ?? true;
  const submit = async () => {
    await eraseAccount(hasPassword ? { password: password.value } : {});
    return null; // nobody is signed in any more, and the page says so
  };
  return (
    <section class="panel stack">
      <h2>{t("erase.title")}</h2>
      <p>{t("erase.what")}</p>
      <details>
        <summary>{t("erase.open")}</summary>
        <div class="stack">
          <p class="fault">{t("erase.final")}</p>
          {!hasPassword && <p class="quiet">{t("account.fresh")}</p>}
          <Form submitLabel={t("erase.submit")} onSubmit={submit}>
            {(fault) =>
              hasPassword && <PasswordField password={password} fault={fault("password")} />
            }
          </Form>
        </div>
      </details>
    </section>
  );
}
