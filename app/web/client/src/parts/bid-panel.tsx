/** Where a bid is made: who may, the form, and what became of the last bid. */
import { moment } from "../format";
import { t } from "../i18n";
import type { Auction } from "../protocol";
import { loginPath } from "../router";
import { lastBidOn } from "../store/bids";
import { user } from "../store/session";
import { BidForm } from "./bid-form";
import { BidProgress } from "./bid-progress";
import { Link } from "./link";

export function BidPanel({ auction }: { auction: Auction }) {
  const last = lastBidOn(auction.id);
  if (auction.status !== "open" && auction.status !== "scheduled" && !last) return null;
  return (
    <section class="panel bid-panel">
      <h2>{t("bid.title")}</h2>
      <Body auction={auction} />
      <BidProgress bid={last} currency={auction.currency} isOpen={auction.status === "open"} />
    </section>
  );
}

function Body({ auction }: { auction: Auction }) {
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
  if (user.value.id === auction.seller.id) return <p class="quiet">{t("bid.seller")}</p>;
  return <BidForm auction={auction} />;
}
