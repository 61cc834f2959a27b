/** The newest accepted bids of an auction. */
import { bidderName, money, timeOfDay } from "../format";
import { t } from "../i18n";
import type { Currency, PublicBid } from "../protocol";

const SHOWN = 20;

interface Props {
  bids: readonly PublicBid[];
  currency: Currency;
  ownAlias: number | null;
}

export function History({ bids, currency, ownAlias }: Props) {
  return (
    <section class="panel history">
      <h2>{t("history.title")}</h2>
      {bids.length === 0 ? (
        <p class="quiet">{t("history.empty")}</p>
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
              <tr key={bid.seq} class={bid.alias === ownAlias ? "own" : ""} data-testid="bid">
                <td>
                  {bidderName(bid.alias, ownAlias)}
                  {bid.automatic && <span class="quiet small"> · {t("history.automatic")}</span>}
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
