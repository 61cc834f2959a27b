/** Logging in; afterwards back to where one came from (`?next=`). */
import { t } from "../i18n";
import { Link } from "../parts/link";
import { LoginForm } from "../parts/login-form";
import { Page } from "../parts/page";
import { ProviderLinks } from "../parts/provider-links";
import { nextPath } from "../router";

export function LoginPage() {
  return (
    <Page title={t("auth.login.title")} narrow>
      <LoginForm submitLabel={t("auth.login.submit")} then={async () => nextPath()} />
      <ProviderLinks next={nextPath()} />
      <p class="row">
        <Link to="/forgot">{t("auth.login.forgot")}</Link>
      </p>
      <p class="quiet">
        {t("auth.login.other")} <Link to={`/signup${location.search}`}>{t("nav.signup")}</Link>
      </p>
    </Page>
  );
}
