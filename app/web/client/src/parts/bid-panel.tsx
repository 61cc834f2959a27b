/** Where a bid is made: who may, the form, and what became of the last bid. */
import { moment } from "../format";
import { t } from "../i18n";
import type { Auction } from "../protocol";
import { loginPath } from "../router";
import type { Standing } from "../store/auctions";
import { lastBidOn } from "../store/bids";
import { user } from "../store/session";
import type { TrackedBid } from "../wire/bid-book";
import { BidForm } from "./bid-form";
import { BidProgress } from "./bid-progress";
import { Link } from "./link";
import { SellerPanel } from "./seller-panel";

interface Props {
  auction: Auction;
  standing: Standing;
}

export function BidPanel({ auction, standing }: Props) {
  const isOwn = user.value?.id === auction.seller.id;
  const last = unlessOvertaken(lastBidOn(auction.id), standing);
  if (auction.status !== "open" && auction.status !== "scheduled" && !last) return null;
  return (
    <section class="panel bid-panel">
      <h2>{isOwn ? t("seller.title") : t("bid.title")}</h2>
      <Body auction={auction} />
      <BidProgress bid={last} auction={auction} />
    </section>
  );
}

/** The outcome of a bid is as of its decision; "leads" is not shown once somebody else does. */
function unlessOvertaken(bid: TrackedBid | null, standing: Standing): TrackedBid | null {
  return bid?.outcome?.standing === "leading" && standing !== "leading" ? null : bid;
}

function Body({ auction }: { auction: Auction }) {
  const isLive = auction.status === "open" || auction.status === "scheduled";
  if (isLive && user.value?.id === auction.seller.id) return <SellerPanel auction={auction} />;
  if (auction.status === "scheduled") {
    return <p class="quiet">{t("bid.not_open", { time: moment(auction.starts_at) })}</p>;
  }
  if (auction.status !== "open") return null;
  if (!user.value) {
    return (
      <Link to={loginPath()} class="button primary">
        {t("bid.login")}
      </Link>
    );
  }
  return <BidForm auction={auction} />;
}
