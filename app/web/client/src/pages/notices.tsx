/** All notices, newest first; unread ones are marked until their reader says so. */
import { moment } from "../format";
import { t } from "../i18n";
import { Link } from "../parts/link";
import { MembersPage } from "../parts/members-page";
import { noticeText } from "../parts/notice-text";
import { Paged } from "../parts/paged";
import type { Notice } from "../protocol";
import { notices, readAll } from "../store/notices";
import { api } from "../store/session";

export function NoticesPage() {
  const unread = notices.value;
  const ids = new Set(unread.map((notice) => notice.id));
  return (
    <MembersPage title={t("notices.title")} narrow>
      {unread.length > 0 && (
        <button type="button" onClick={readAll}>
          {t("notices.read")}
        </button>
      )}
      <Paged key={unread[0]?.id} load={api.notices} empty={t("notices.empty")} class="notices">
        {(notice) => <Item key={notice.id} notice={notice} isUnread={ids.has(notice.id)} />}
      </Paged>
    </MembersPage>
  );
}

function Item({ notice, isUnread }: { notice: Notice; isUnread: boolean }) {
  return (
    <li data-kind={notice.kind} class={isUnread ? "unread" : ""}>
      <p>
        {isUnread && <span class="badge">{t("notices.new")}</span>} {noticeText(notice)}
      </p>
      <p class="row spread quiet">
        <time dateTime={notice.at}>{moment(notice.at)}</time>
        <Link to={`/auctions/${notice.auction_id}`}>{t("notices.open")}</Link>
      </p>
    </li>
  );
}
