/** Where a bid is made: who may, the form, and what became of the last bid. */
import { moment } from "../format";
import { t } from "../i18n";
import type { Auction } from "../protocol";
import { isVoided, type Standing } from "../store/auctions";
import { lastBidOn } from "../store/bids";
import { user } from "../store/session";
import type { TrackedBid } from "../wire/bid-book";
import { BidForm } from "./bid-form";
import { BidProgress } from "./bid-progress";
import { LoginLink } from "./login-link";
import { SellerPanel } from "./seller-panel";

interface Props {
  auction: Auction;
  standing: Standing;
  /** Whether the auction is told as of now. */
  isCurrent: boolean;
}

export function BidPanel({ auction, standing, isCurrent }: Props) {
  const isOwn = user.value?.id === auction.seller.id;
  const last = unlessOvertaken(lastBidOn(auction.id), standing);
  if (auction.status !== "open" && auction.status !== "scheduled" && !last) return null;
  return (
    <section class="panel bid-panel" data-stale={!isCurrent && auction.status === "open"}>
      <h2>{isOwn ? t("seller.title") : t("bid.title")}</h2>
      <Body auction={auction} isCurrent={isCurrent} />
      <BidProgress bid={last} auction={auction} />
    </section>
  );
}

/** The outcome of a bid is as of its decision; "leads" is not shown once somebody else does. */
function unlessOvertaken(bid: TrackedBid | null, standing: Standing): TrackedBid | null {
  return bid?.outcome?.standing === "leading" && standing !== "leading" ? null : bid;
}

function Body({ auction, isCurrent }: Pick<Props, "auction" | "isCurrent">) {
  const isLive = auction.status === "open" || auction.status === "scheduled";
  if (isLive && user.value?.id === auction.seller.id) return <SellerPanel auction={auction} />;
  if (auction.status === "scheduled") {
    return <p class="quiet">{t("bid.not_open", { time: moment(auction.starts_at) })}</p>;
  }
  if (auction.status !== "open") return null;
  if (!user.value) {
    return <LoginLink class="button primary">{t("bid.login")}</LoginLink>;
  }
  if (isVoided(auction)) return <p class="fault">{t("bid.voided")}</p>;
  if (auction.mine?.blocked) return <p class="fault">{t("bid.blocked")}</p>;
  return <BidForm auction={auction} isCurrent={isCurrent} />;
}
