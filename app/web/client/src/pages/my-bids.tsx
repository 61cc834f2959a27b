/** Auctions the user has bid on, with their standing. */
import { t } from "../i18n";
import { AuctionCard } from "../parts/auction-card";
import { MembersPage } from "../parts/members-page";
import { Paged } from "../parts/paged";
import { standingIn } from "../store/auction-view";
import { api } from "../store/session";

export function MyBidsPage() {
  return (
    <MembersPage title={t("mine.title")}>
      <Paged load={api.myBids} empty={t("mine.empty")} class="cards">
        {(auction) => (
          <AuctionCard key={auction.id} auction={auction} standing={standingIn(auction)} />
        )}
      </Paged>
    </MembersPage>
  );
}
