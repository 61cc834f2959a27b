/** A page for those who are signed in; others are led to the log-in and back. */
import type { ComponentChildren } from "preact";
import { t } from "../i18n";
import { user } from "../store/session";
import { LoginLink } from "./login-link";
import { Page } from "./page";

interface Props {
  title: string;
  narrow?: boolean;
  children: ComponentChildren;
}

export function MembersPage({ title, narrow = false, children }: Props) {
  return (
    <Page title={title} narrow={narrow}>
      {user.value ? children : <LoginLink class="button primary">{t("nav.login")}</LoginLink>}
    </Page>
  );
}
