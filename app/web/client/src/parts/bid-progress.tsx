/** What became of a bid: sent, received, decided, or in need of its bidder. */
import { useCallback } from "preact/hooks";
import { money } from "../format";
import { errorText, t } from "../i18n";
import type { Auction, Currency } from "../protocol";
import { declineBid, declined, placeBid, repeatBid } from "../store/bids";
import type { TrackedBid } from "../wire/bid-book";
import { ConfirmBid } from "./confirm-bid";

interface Props {
  bid: TrackedBid | null;
  auction: Auction;
}

export function BidProgress({ bid, auction }: Props) {
  const isAsked = bid?.outcome?.code === "CONFIRM_NEEDED" && auction.status === "open";
  const isDeclined = isAsked && declined.value.has(bid.key);
  return (
    <>
      <div role="status" aria-live="polite" data-testid="outcome">
        {bid && !isAsked && (
          <p class="outcome" data-tone={toneOf(bid)}>
            {bidText(bid, auction.currency)}
          </p>
        )}
      </div>
      {(bid?.stage === "unknown" || bid?.stage === "missing") && <Repeat bid={bid} />}
      {isAsked && !isDeclined && <Confirmation key={bid.key} bid={bid} auction={auction} />}
    </>
  );
}

function Confirmation({ bid, auction }: { bid: TrackedBid; auction: Auction }) {
  const no = useCallback(() => declineBid(bid.key), [bid.key]);
  const amount = money(bid.amount, auction.currency);
  const buysAt = buyNowPrice(bid, auction);
  const price = money(buysAt ?? bid.outcome?.price ?? auction.price, auction.currency);
  return (
    <ConfirmBid
      reason={t(buysAt === null ? "bid.confirm.far_above" : "bid.confirm.buy_now", {
        amount,
        price,
      })}
      yes={buysAt === null ? t("bid.confirm.yes", { amount }) : t("bid.confirm.yes.buy", { price })}
      onYes={() => placeBid({ ...offerOf(bid), confirm: true })}
      onNo={no}
    />
  );
}

/** The price at which the bid would buy at once (rule 11), or null. */
function buyNowPrice(bid: TrackedBid, { buy_now_price: price }: Auction): number | null {
  return price !== null && bid.amount >= price ? price : null;
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
