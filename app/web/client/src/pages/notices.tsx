/** Unread notices. */
import { moment } from "../format";
import { t } from "../i18n";
import { Link } from "../parts/link";
import { noticeText } from "../parts/notice-text";
import { Page } from "../parts/page";
import { notices, readAll } from "../store/notices";

export function NoticesPage() {
  const all = notices.value;
  return (
    <Page title={t("notices.title")} narrow>
      {all.length === 0 && <p class="quiet">{t("notices.empty")}</p>}
      <ul class="notices">
        {all.map((notice) => (
          <li key={notice.id} data-kind={notice.kind}>
            <p>{noticeText(notice)}</p>
            <p class="row spread quiet">
              <time dateTime={notice.at}>{moment(notice.at)}</time>
              <Link to={`/auctions/${notice.auction_id}`}>{t("notices.open")}</Link>
            </p>
          </li>
        ))}
      </ul>
      {all.length > 0 && (
        <button type="button" onClick={readAll}>
          {t("notices.read")}
        </button>
      )}
    </Page>
  );
}
