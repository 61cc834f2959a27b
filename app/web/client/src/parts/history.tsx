/** The newest accepted bids of an auction. */
import { bidderName, money, timeOfDay } from "../format";
import { t } from "../i18n";
import type { Auction, PublicBid } from "../protocol";
import { hasEnded } from "../store/auctions";
import { user } from "../store/session";

const SHOWN = 20;

interface Props {
  auction: Auction;
  bids: readonly PublicBid[];
}

export function History({ auction, bids }: Props) {
  const { currency } = auction;
  const ownAlias = auction.mine?.alias ?? null;
  return (
    <section class="panel history">
      <h2>{t("history.title")}</h2>
      {bids.length === 0 ? (
        <p class="quiet">{emptyText(auction)}</p>
      ) : (
        <table>
          <thead class="unseen">
            <tr>
              <th scope="col">{t("history.bidder")}</th>
              <th scope="col">{t("history.amount")}</th>
              <th scope="col">{t("history.time")}</th>
            </tr>
          </thead>
          <tbody>
            {bids.slice(0, SHOWN).map((bid) => (
              <tr
                key={bid.seq}
                class={bid.alias === ownAlias ? "own" : ""}
                data-voided={isVoided(bid, auction)}
                data-testid="bid"
              >
                <td>
                  {bidderName(bid.alias, ownAlias)}
                  {bid.automatic && <span class="quiet small"> · {t("history.automatic")}</span>}
                  {isVoided(bid, auction) && (
                    <span class="quiet small"> · {t("history.voided")}</span>
                  )}
                </td>
                <td class="number">{money(bid.amount, currency)}</td>
                <td class="number quiet small">
                  <time dateTime={bid.at}>{timeOfDay(bid.at)}</time>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Whether a bid counts no more: what was read before the void does not say so itself. */
function isVoided(bid: PublicBid, { voided = [] }: Auction): boolean {
  return bid.voided === true || voided.includes(bid.alias);
}

/** Only who may bid now is invited to. */
function emptyText({ status, seller, mine }: Auction): string {
  if (hasEnded(status)) return t("history.empty.ended");
  const mayBid = status === "open" && user.value?.id !== seller.id && !mine?.blocked;
  return mayBid ? t("history.empty.open") : t("history.empty");
}
