/** How an auction ended. */
import { bidderName, money } from "../format";
import { t } from "../i18n";
import type { Auction } from "../protocol";

export function Result({ auction, ownAlias }: { auction: Auction; ownAlias: number | null }) {
  const text = resultText(auction, ownAlias);
  const isOwn = auction.winner !== null && auction.winner.alias === ownAlias;
  return (
    <div role="status" aria-label={t("result.title")} data-testid="result">
      {text && (
        <div class={isOwn ? "panel result own" : "panel result"}>
          <p class="result-line">{text}</p>
          {auction.winner_user && (
            <p>{t("result.contact", { name: auction.winner_user.nickname })}</p>
          )}
        </div>
      )}
    </div>
  );
}

function resultText(auction: Auction, ownAlias: number | null): string | null {
  if (auction.status === "cancelled") return t("result.cancelled");
  if (auction.status !== "closed") return null;
  if (!auction.winner) return t(auction.leader ? "result.unsold.reserve" : "result.unsold");
  const { alias, amount } = auction.winner;
  const price = money(amount, auction.currency);
  if (alias === ownAlias) return t("result.sold.you", { amount: price });
  return t("result.sold", { name: bidderName(alias, ownAlias), amount: price });
}
