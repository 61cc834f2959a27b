/** Time left until an auction starts or ends, on the server's clock. */
import { useComputed } from "@preact/signals";
import { remaining } from "../format/countdown";
import { t, tn } from "../i18n";
import type { Auction } from "../protocol";
import { serverNowMs } from "../store/tick";

type Timed = Pick<Auction, "status" | "starts_at" | "ends_at">;

const URGENT_MS = 60_000;

export function Countdown({ auction }: { auction: Timed }) {
  const isAhead = auction.status === "scheduled";
  const endMs = Date.parse(isAhead ? auction.starts_at : auction.ends_at);
  if (auction.status !== "open" && !isAhead) return <span>{t(`status.${auction.status}`)}</span>;
  return <Running key={endMs} endMs={endMs} isAhead={isAhead} />;
}

function Running({ endMs, isAhead }: { endMs: number; isAhead: boolean }) {
  const text = useComputed(() => leftText(endMs, serverNowMs.value, isAhead));
  const isUrgent = useComputed(() => !isAhead && endMs - serverNowMs.value < URGENT_MS);
  return (
    <time
      class={isUrgent.value ? "clock urgent" : "clock"}
      dateTime={new Date(endMs).toISOString()}
      role="timer"
      aria-label={isAhead ? t("clock.starts_in") : t("clock.ends_in")}
    >
      {text}
    </time>
  );
}

function leftText(endMs: number, nowMs: number, isAhead: boolean): string {
  const { days, clock, totalMs } = remaining(endMs, nowMs);
  if (totalMs === 0) return isAhead ? t("clock.starting") : t("clock.closing");
  return days > 0 ? `${tn("clock.days", days)} ${clock}` : clock;
}
