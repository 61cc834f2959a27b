/** Why a log-in by a provider, or linking one (`?link`), came to nothing, and what can be done then. */
import { errorText, t } from "../i18n";
import { Link } from "../parts/link";
import { Page } from "../parts/page";
import { isProvider, offered, providerPath } from "../providers";
import { nextPath } from "../router";

export function LoginFailedPage() {
  const asked = new URLSearchParams(location.search);
  const named = asked.get("provider");
  const provider = isProvider(named) && offered().includes(named) ? named : null;
  const next = nextPath();
  const code = asked.get("code") ?? "";
  const links = asked.has("link");
  return (
    <Page title={provider ? t(`provider.${provider}.failed`) : t("provider.failed")} narrow>
      <p role="alert">{errorText(code === "FORBIDDEN" ? "BANNED" : code)}</p>
      <p class="quiet">{t("provider.failed.nothing")}</p>
      {provider && (
        <a class="button primary" href={providerPath(provider, next, { links })}>
          {t("page.retry")}
        </a>
      )}
      <Link to={links ? next : `/login?next=${encodeURIComponent(next)}`} class="button">
        {t(links ? "no_email.account" : "provider.failed.other")}
      </Link>
    </Page>
  );
}
