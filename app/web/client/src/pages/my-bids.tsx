/** Auctions the user has bid on, with their standing as of now. */
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { AuctionCard } from "../parts/auction-card";
import { MembersPage } from "../parts/members-page";
import { Paged } from "../parts/paged";
import { followPrices, learn } from "../store/auctions";
import { api } from "../store/session";

export function MyBidsPage() {
  useEffect(() => followPrices(), []);
  return (
    <MembersPage title={t("mine.title")}>
      <Paged load={load} empty={t("mine.empty")} class="cards">
        {(auction) => <AuctionCard key={auction.id} auction={auction} withStanding />}
      </Paged>
    </MembersPage>
  );
}

async function load(cursor: string | undefined, limit: number) {
  const page = await api.myBids(cursor, limit);
  learn(page.items);
  return page;
}
