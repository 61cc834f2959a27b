/** Notices that have just come, over the page for a while. */
import { t } from "../i18n";
import type { Notice } from "../protocol";
import { dismiss, toasts } from "../store/notices";
import { Link } from "./link";
import { noticeText } from "./notice-text";

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((notice) => (
        <Toast key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function Toast({ notice }: { notice: Notice }) {
  return (
    <div class="toast" data-kind={notice.kind}>
      <p>{noticeText(notice)}</p>
      <div class="row">
        <Link to={`/auctions/${notice.auction_id}`}>{t("notices.open")}</Link>
        <button type="button" class="plain" onClick={() => dismiss(notice.id)}>
          {t("notices.close")}
        </button>
      </div>
    </div>
  );
}
