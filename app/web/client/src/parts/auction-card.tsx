/** An auction in the list. */
import { money } from "../format";
import { t, tn } from "../i18n";
import type { Auction } from "../protocol";
import { auctionOf, standingIn } from "../store/auctions";
import { Countdown } from "./countdown";
import { Link } from "./link";
import { personName } from "./person-name";
import { Picture } from "./picture";

interface Props {
  /** As its list has it; what is newer is shown instead. */
  auction: Auction;
  /** Whether to show where the viewer stands. */
  withStanding?: boolean;
}

export function AuctionCard({ auction: listed, withStanding = false }: Props) {
  const auction = auctionOf(listed.id).value ?? listed;
  const standing = withStanding ? standingIn(auction) : "none";
  return (
    <li class="card" data-status={auction.status} data-standing={standing}>
      <Link to={`/auctions/${auction.id}`}>
        <Picture product={auction.product} />
        <div class="card-text">
          <h2>{auction.product.name}</h2>
          <p class="quiet">{personName(auction.seller)}</p>
          <p class="row spread">
            <strong class="flash" key={auction.price}>
              {money(auction.price, auction.currency)}
            </strong>
            <span class="quiet">{tn("bids.count", auction.bid_count)}</span>
          </p>
          <p class="row spread">
            <Countdown auction={auction} />
            {auction.mode === "live" && <span class="pill">{t("card.live")}</span>}
          </p>
          {standing !== "none" && <p class="standing small">{t(`standing.${standing}`)}</p>}
        </div>
      </Link>
    </li>
  );
}
