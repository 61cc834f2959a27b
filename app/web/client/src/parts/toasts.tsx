/** News of other auctions than the one on screen, one at a time, for a while, over no control. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { Notice } from "../protocol";
import { closeToast, dropToast, toasts } from "../store/notices";
import { useFreePlace } from "./free-place";
import { Link } from "./link";
import { noticeText } from "./notice-text";

const SHOWN_MS = 8_000;

export function Toasts() {
  const notice = toasts.value[0];
  return (
    <>
      <p class="unseen" role="status" data-testid="news">
        {notice && noticeText(notice)}
      </p>
      {notice && <Toast key={notice.id} notice={notice} />}
    </>
  );
}

function Toast({ notice }: { notice: Notice }) {
  const box = useRef<HTMLDivElement>(null);
  useFreePlace(box);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!isInUse(box.current)) dropToast(notice.id);
    }, SHOWN_MS);
    return () => clearInterval(timer);
  }, [notice.id]);
  return (
    <div class="toast" data-kind={notice.kind} data-testid="toast" ref={box}>
      <p>{noticeText(notice)}</p>
      <div class="row">
        <Link to={`/auctions/${notice.auction_id}`}>{t("notices.open")}</Link>
        <button type="button" class="plain" onClick={() => closeToast(notice.id)}>
          {t("notices.close")}
        </button>
      </div>
    </div>
  );
}

/** Whether somebody points at it, or has the focus in it. */
function isInUse(box: HTMLElement | null): boolean {
  return box !== null && (box.matches(":hover") || box.contains(document.activeElement));
}
