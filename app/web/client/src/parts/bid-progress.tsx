/** What became of a bid: sent, received, decided, or in need of its bidder. */
import { money } from "../format";
import { errorText, t } from "../i18n";
import type { Currency } from "../protocol";
import { placeBid, repeatBid } from "../store/bids";
import type { TrackedBid } from "../wire/bid-book";
import { ConfirmBid } from "./confirm-bid";

interface Props {
  bid: TrackedBid | null;
  currency: Currency;
  isOpen: boolean;
}

export function BidProgress({ bid, currency, isOpen }: Props) {
  const needsConfirmation = isOpen && bid?.outcome?.code === "CONFIRM_NEEDED";
  return (
    <>
      <div role="status" aria-live="polite" data-testid="outcome">
        {bid && !needsConfirmation && (
          <p class="outcome" data-tone={toneOf(bid)}>
            {bidText(bid, currency)}
          </p>
        )}
      </div>
      {bid?.stage === "unknown" && <Repeat bid={bid} />}
      {bid && needsConfirmation && (
        <ConfirmBid
          key={bid.key}
          amount={money(bid.amount, currency)}
          onYes={() => placeBid({ ...offerOf(bid), confirm: true })}
        />
      )}
    </>
  );
}

function Repeat({ bid }: { bid: TrackedBid }) {
  return (
    <p class="row wrap">
      <button type="button" onClick={() => repeatBid(bid.key)}>
        {t("bid.repeat")}
      </button>
      <span class="hint">{t("bid.repeat.hint")}</span>
    </p>
  );
}

function offerOf({ auctionId, amount, kind, confirm }: TrackedBid) {
  return { auctionId, amount, kind, confirm };
}

function toneOf(bid: TrackedBid): "good" | "bad" | "waiting" {
  if (bid.stage === "error") return "bad";
  if (!bid.outcome) return "waiting";
  return bid.outcome.standing === "leading" ? "good" : "bad";
}

function bidText({ stage, amount: minor, outcome, error }: TrackedBid, currency: Currency): string {
  const amount = money(minor, currency);
  if (stage === "error") return t("bid.outcome.error", { amount, reason: errorText(error ?? "") });
  if (stage !== "decided") return t(`bid.stage.${stage}`, { amount });
  if (outcome?.status === "failed") return t("bid.outcome.failed", { amount });
  if (outcome?.status === "rejected") {
    return t("bid.outcome.rejected", { amount, reason: errorText(outcome.code ?? "") });
  }
  return t(outcome?.standing === "outbid" ? "bid.outcome.outbid" : "bid.outcome.leading", {
    amount,
  });
}
