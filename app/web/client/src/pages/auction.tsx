/** One auction, live: price, clock, bidding, recent bids, chat. */
import { useEffect, useMemo } from "preact/hooks";
import { errorText, t } from "../i18n";
import { Announcer } from "../parts/announcer";
import { BidPanel } from "../parts/bid-panel";
import { Chat } from "../parts/chat";
import { History } from "../parts/history";
import { Page } from "../parts/page";
import { personName } from "../parts/person-name";
import { Picture } from "../parts/picture";
import { PricePanel } from "../parts/price-panel";
import { ProductText } from "../parts/product-text";
import { Result } from "../parts/result";
import { watchAuction } from "../store/auction-view";
import { user } from "../store/session";

export function AuctionPage({ id }: { id: number }) {
  const view = useMemo(() => watchAuction(id), [id]);
  useEffect(() => () => view.close(), [view]);
  const auction = view.auction.value;
  if (!auction) return <Waiting error={view.error.value} />;
  const isOwn = user.value?.id === auction.seller.id;
  return (
    <Page title={auction.product.name}>
      <div class="auction">
        <section class="about">
          <Picture product={auction.product} />
          <p class="quiet">{t("auction.seller", { name: personName(auction.seller) })}</p>
          <ProductText product={auction.product} />
        </section>
        <section class="deal">
          <PricePanel view={view} auction={auction} />
          <Result auction={auction} />
          <BidPanel
            auction={auction}
            standing={view.standing.value}
            isCurrent={view.isCurrent.value}
          />
          <Announcer auction={auction} />
        </section>
        <History auction={auction} bids={view.bids.value} />
        <Chat key={user.value?.id} auctionId={id} isSeller={isOwn} />
      </div>
    </Page>
  );
}

function Waiting({ error }: { error: string | null }) {
  if (error === null) {
    return (
      <Page title={t("nav.auctions")}>
        <p class="quiet">{t("page.loading")}</p>
      </Page>
    );
  }
  const text = error === "NOT_FOUND" ? t("auction.not_found") : errorText(error);
  return (
    <Page title={t("nav.auctions")}>
      <p role="alert">{text}</p>
    </Page>
  );
}
