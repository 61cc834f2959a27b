/** The password of the account, asked of who is logging in or changes something that needs it. */
import type { Signal } from "@preact/signals";
import { t } from "../i18n";
import { Field } from "./field";

interface Props {
  password: Signal<string>;
  fault: string | undefined;
}

export function PasswordField({ password, fault }: Props) {
  return (
    <Field
      label={t("auth.password")}
      type="password"
      autoComplete="current-password"
      value={password.value}
      onText={(text) => {
        password.value = text;
      }}
      fault={fault}
    />
  );
}
