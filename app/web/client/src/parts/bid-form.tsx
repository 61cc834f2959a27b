/** The form of a bid. The amount offered follows the price until its bidder types one. */
import { useSignal } from "@preact/signals";
import { money } from "../format";
import { majorText, minorDigits, parseMoney } from "../format/money";
import { t } from "../i18n";
import type { Auction, BidKind } from "../protocol";
import { placeBid } from "../store/bids";
import { Choice } from "./choice";
import { Field } from "./field";

const KINDS = ["exact", "max"] as const satisfies readonly BidKind[];

export function BidForm({ auction }: { auction: Auction }) {
  const typed = useSignal<string | null>(null);
  const kind = useSignal<BidKind>("exact");
  const fault = useSignal(false);
  const { currency } = auction;
  const least = leastAmount(auction);
  const text = typed.value ?? majorText(least, currency);
  const amount = parseMoney(text, currency);
  const minimum = money(least, currency);
  const submit = (event: Event) => {
    event.preventDefault();
    fault.value = amount === null;
    if (amount === null) return;
    placeBid({ auctionId: auction.id, amount, kind: kind.value, confirm: false });
    typed.value = null;
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <Choice
        label={t("bid.kind")}
        options={KINDS.map((value) => ({ value, text: t(`bid.kind.${value}`) }))}
        value={kind.value}
        onChoose={(value) => {
          kind.value = value;
        }}
      />
      <p class="hint">{t(`bid.kind.${kind.value}.hint`)}</p>
      <Field
        label={t("bid.amount")}
        inputMode={minorDigits(currency) === 0 ? "numeric" : "decimal"}
        autoComplete="off"
        value={text}
        onText={(written) => {
          typed.value = written === "" ? "" : written;
          fault.value = false;
        }}
        hint={t("bid.amount.hint", { amount: minimum })}
        fault={fault.value ? t("bid.invalid_amount", { minimum }) : undefined}
      />
      <button type="submit" class="primary big">
        {amount === null
          ? t("bid.submit.plain")
          : t("bid.submit", { amount: money(amount, currency) })}
      </button>
    </form>
  );
}

/** The least amount that makes sense: a leader must go above their own maximum (rule 7). */
function leastAmount(auction: Auction): number {
  const { mine, leader, minimum_next_bid: minimum } = auction;
  const leads = mine?.alias != null && leader?.alias === mine.alias;
  return leads && mine.maximum !== null ? Math.max(minimum, mine.maximum + 1) : minimum;
}
