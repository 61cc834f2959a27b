/** E-mail and password of an account there is. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { logIn } from "../store/session";
import { Field } from "./field";
import { Form } from "./form";
import { PasswordField } from "./password-field";

interface Props {
  submitLabel: string;
  /** What follows, signed in; the answer is the page to go to then. */
  then: () => Promise<string>;
}

export function LoginForm({ submitLabel, then }: Props) {
  const email = useSignal("");
  const password = useSignal("");
  const submit = async () => {
    await logIn({ email: email.value, password: password.value });
    return then();
  };
  return (
    <Form submitLabel={submitLabel} onSubmit={submit}>
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
          <PasswordField password={password} fault={fault("password")} />
        </>
      )}
    </Form>
  );
}
