/** Making an account; its owner is then signed in. */
import { useSignal } from "@preact/signals";
import { language, t } from "../i18n";
import { Field } from "../parts/field";
import { Form } from "../parts/form";
import { Link } from "../parts/link";
import { Page } from "../parts/page";
import { ProviderLinks } from "../parts/provider-links";
import { nextPath } from "../router";
import { signUp } from "../store/session";

const EMPTY = { email: "", nickname: "", password: "" };

export function SignupPage() {
  const body = useSignal(EMPTY);
  const set = (name: keyof typeof EMPTY) => (text: string) => {
    body.value = { ...body.value, [name]: text };
  };
  const submit = async () => {
    await signUp({ ...body.value, language: language.value });
    return nextPath();
  };
  return (
    <Page title={t("auth.signup.title")} narrow>
      <Form submitLabel={t("auth.signup.submit")} onSubmit={submit}>
        {(fault) => (
          <>
            <Field
              label={t("auth.email")}
              type="email"
              autoComplete="email"
              maxLength={254}
              value={body.value.email}
              onText={set("email")}
              fault={fault("email")}
            />
            <Field
              label={t("auth.nickname")}
              autoComplete="nickname"
              maxLength={30}
              value={body.value.nickname}
              onText={set("nickname")}
              fault={fault("nickname")}
            />
            <Field
              label={t("auth.password")}
              type="password"
              autoComplete="new-password"
              hint={t("auth.password.hint")}
              maxLength={128}
              value={body.value.password}
              onText={set("password")}
              fault={fault("password")}
            />
          </>
        )}
      </Form>
      <ProviderLinks next={nextPath()} />
      <p class="quiet">
        {t("auth.signup.other")} <Link to={`/login${location.search}`}>{t("nav.login")}</Link>
      </p>
    </Page>
  );
}
