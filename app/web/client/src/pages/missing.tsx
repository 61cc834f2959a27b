/** There is no such page. */
import { t } from "../i18n";
import { Link } from "../parts/link";
import { Page } from "../parts/page";

export function MissingPage() {
  return (
    <Page title={t("page.missing.title")} narrow>
      <Link to="/" class="button">
        {t("page.missing.home")}
      </Link>
    </Page>
  );
}
