/** How an auction ended, said once: what it means to the viewer, and whom they deal with now. */
import { bidderName, money } from "../format";
import { t } from "../i18n";
import type { Auction } from "../protocol";
import { standingIn } from "../store/auctions";
import { user } from "../store/session";
import { BlockButton } from "./block-button";
import { personName } from "./person-name";

export function Result({ auction }: { auction: Auction }) {
  const text = resultText(auction);
  const isWon = standingIn(auction) === "won";
  return (
    <div role="status" aria-label={t("result.title")} data-testid="result">
      {text && (
        <div class={isWon ? "panel result own" : "panel result"} data-keep-clear>
          <p class="result-line">{text}</p>
          {isLost(auction) && <p>{t("standing.lost")}</p>}
          <Contact auction={auction} />
        </div>
      )}
    </div>
  );
}

/** The winner, to the seller; nobody is told of themselves. */
function Contact({ auction: { winner_user, seller } }: { auction: Auction }) {
  if (!winner_user || winner_user.id === user.value?.id) return null;
  const isSeller = user.value?.id === seller.id;
  return (
    <p class="row wrap">
      {t("result.contact", { name: personName(winner_user) })}
      {isSeller && <BlockButton person={winner_user} />}
    </p>
  );
}

/** Somebody else has it, who is named. */
function isLost(auction: Auction): boolean {
  return auction.winner !== null && standingIn(auction) === "lost";
}

function resultText(auction: Auction): string | null {
  if (auction.status === "cancelled") return t("result.cancelled");
  if (auction.status !== "closed") return null;
  if (!auction.winner) return t(auction.leader ? "result.unsold.reserve" : "result.unsold");
  const { alias, amount } = auction.winner;
  const price = money(amount, auction.currency);
  if (standingIn(auction) === "won") return t("result.sold.you", { amount: price });
  return t("result.sold", { name: bidderName(alias, null), amount: price });
}
