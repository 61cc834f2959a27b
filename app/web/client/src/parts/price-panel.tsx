/** Price, clock, reserve and standing of an auction. */
import { moment, money, timeOfDay } from "../format";
import { t, tn } from "../i18n";
import type { Auction } from "../protocol";
import type { AuctionView } from "../store/auction-view";
import { hasEnded } from "../store/auctions";
import { Countdown } from "./countdown";
import { leaderText } from "./leader-text";

export function PricePanel({ view, auction }: { view: AuctionView; auction: Auction }) {
  const standing = view.standing.value;
  const isStale = !view.isCurrent.value && !hasEnded(auction.status);
  return (
    <div
      class="panel price-panel"
      data-standing={standing}
      data-status={auction.status}
      data-stale={isStale}
      data-keep-clear
    >
      <div class="row spread top-line">
        <div>
          <p class="label">{isStale ? t("auction.price.stale") : priceLabel(auction)}</p>
          <p class="price flash" key={auction.price} data-testid="price">
            {money(auction.price, auction.currency)}
          </p>
        </div>
        <Clock auction={auction} />
      </div>
      <Times auction={auction} />
      <p class="row wrap facts">
        <span>{tn("bids.count", auction.bid_count)}</span>
        {auction.status === "open" && auction.leader && standing !== "leading" && (
          <span data-testid="leader">{leaderText(auction)}</span>
        )}
        <span class="pill">{t(`auction.reserve.${auction.reserve}`)}</span>
        {auction.buy_now_price !== null && (
          <span class="pill">
            {t("auction.buy_now", { price: money(auction.buy_now_price, auction.currency) })}
          </span>
        )}
        {view.watching.value !== null && <span>{tn("watching.count", view.watching.value)}</span>}
      </p>
      {standing !== "none" && auction.status === "open" && (
        <p class="standing" data-testid="standing">
          {t(`standing.${standing}`)} <Maximum auction={auction} />
        </p>
      )}
    </div>
  );
}

function Maximum({ auction }: { auction: Auction }) {
  const maximum = auction.mine?.maximum ?? null;
  if (maximum === null || auction.status !== "open") return null;
  return <span>{t("standing.maximum", { amount: money(maximum, auction.currency) })}</span>;
}

function Clock({ auction }: { auction: Auction }) {
  const isOpen = auction.status === "open";
  const isRunning = isOpen || auction.status === "scheduled";
  return (
    <div class="clock-box">
      {isRunning && <p class="label">{isOpen ? t("clock.ends_in") : t("clock.starts_in")}</p>}
      <p class="big-clock" data-testid="countdown">
        <Countdown auction={auction} />
      </p>
    </div>
  );
}

function Times({ auction }: { auction: Auction }) {
  return (
    <div class="times">
      <p class="quiet small">{whenText(auction)}</p>
      {auction.extensions > 0 && (
        <p class="extended small" data-testid="extensions">
          {tn("extended.count", auction.extensions)}
          {auction.status === "open" && (
            <> · {t("clock.latest", { time: timeOfDay(auction.last_ends_at) })}</>
          )}
        </p>
      )}
    </div>
  );
}

function priceLabel(auction: Auction): string {
  if (auction.leader === null) return t("auction.price.starting");
  if (!hasEnded(auction.status)) return t("auction.price");
  return auction.winner ? t("auction.price.final") : t("auction.price.last");
}

function whenText(auction: Auction): string {
  if (auction.status === "scheduled") {
    return t("clock.starts_at", { time: moment(auction.starts_at) });
  }
  if (!hasEnded(auction.status)) return t("clock.ends_at", { time: moment(auction.ends_at) });
  return auction.closed_at ? t("clock.ended_at", { time: moment(auction.closed_at) }) : "";
}
