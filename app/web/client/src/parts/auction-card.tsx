/** An auction in the list. */
import { money } from "../format";
import { t, tn } from "../i18n";
import type { Auction } from "../protocol";
import type { Standing } from "../store/auction-view";
import { Countdown } from "./countdown";
import { Link } from "./link";
import { Picture } from "./picture";

interface Props {
  auction: Auction;
  /** Where the viewer stands, where that is what the list is about. */
  standing?: Standing;
}

export function AuctionCard({ auction, standing = "none" }: Props) {
  return (
    <li class="card" data-status={auction.status} data-standing={standing}>
      <Link to={`/auctions/${auction.id}`}>
        <Picture product={auction.product} />
        <div class="card-text">
          <h2>{auction.product.name}</h2>
          <p class="quiet">{auction.seller.nickname}</p>
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
