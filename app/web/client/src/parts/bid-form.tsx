/**
 * The form of a bid. The amount offered follows the price until its bidder types one, and a typed
 * one stays until it is accepted. Who leads can only raise their own maximum (rule 7).
 */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { money } from "../format";
import { AMOUNT_MAX, type MoneyFault, majorText, minorDigits, readMoney } from "../format/money";
import { fieldFaultText, t } from "../i18n";
import type { Auction, BidKind } from "../protocol";
import { lastBidOn, obstacleTo, placeBid } from "../store/bids";
import { Choice } from "./choice";
import { Field } from "./field";
import { usePress } from "./press";

const KINDS = ["exact", "max"] as const satisfies readonly BidKind[];

interface Props {
  auction: Auction;
  /** Whether the auction is told as of now: on an old price nobody bids. */
  isCurrent: boolean;
}

export function BidForm({ auction, isCurrent }: Props) {
  const { currency } = auction;
  const typed = useTyped(auction);
  const kind = useSignal<BidKind>("exact");
  const fault = useSignal<MoneyFault | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const maximum = ownMaximum(auction);
  const least = maximum === null ? auction.minimum_next_bid : aboveMaximum(auction, maximum);
  const text = typed.value ?? (least === null ? "" : majorText(least, currency));
  const reading = readMoney(text, currency);
  const obstacle = isCurrent ? obstacleTo(auction.id) : "offline";
  const press = usePress(
    { ...reading, kind: maximum === null ? kind.value : "max", isRaise: maximum !== null },
    obstacle !== null,
  );
  const submit = (event: Event) => {
    event.preventDefault();
    const said = press.take();
    if (!said) return;
    fault.value = said.fault;
    if (said.amount === null)
      form.current?.querySelector<HTMLInputElement>(".field input")?.focus();
    else placeBid({ auctionId: auction.id, amount: said.amount, kind: said.kind, confirm: false });
  };
  return (
    <form class="stack" onSubmit={submit} noValidate ref={form}>
      {maximum === null ? (
        <KindChoice kind={kind.value} onChoose={(chosen) => (kind.value = chosen)} />
      ) : (
        <p class="hint">
          {t("bid.raise.hint", { maximum: money(maximum, currency) })}{" "}
          {auction.reserve !== "not_met" && t("bid.raise.price")}
        </p>
      )}
      <Field
        label={t("bid.amount")}
        inputMode={minorDigits(currency) === 0 ? "numeric" : "decimal"}
        autoComplete="off"
        value={text}
        onText={(written) => {
          typed.value = written;
          fault.value = null;
        }}
        hint={amountHint(auction, maximum)}
        fault={fault.value === null ? undefined : fieldFaultText("amount", fault.value)}
      />
      <Limit auction={auction} amount={reading.amount} />
      <button type="submit" class="primary big" aria-disabled={obstacle !== null} {...press.on}>
        {buttonText(press.said, auction)}
      </button>
      <p role="status" class="fault">
        {obstacle === "offline" && t("bid.offline")}
        {obstacle === "session" && t("session.restoring")}
      </p>
    </form>
  );
}

/** The most the viewer may bid; a warning once the amount is above it. The server decides. */
function Limit({ auction, amount }: { auction: Auction; amount: number | null }) {
  const limit = auction.mine?.limit ?? AMOUNT_MAX;
  if (limit >= AMOUNT_MAX) return null;
  const isOver = amount !== null && amount > limit;
  return (
    <p class={isOver ? "fault small" : "hint"} data-testid="limit" role="status">
      {t(isOver ? "bid.limit.over" : "bid.limit", { limit: money(limit, auction.currency) })}
    </p>
  );
}

/** What was typed, or null; forgotten once a bid of that amount is accepted. */
function useTyped(auction: Auction) {
  const typed = useSignal<string | null>(null);
  const last = lastBidOn(auction.id);
  const accepted = last?.outcome?.status === "accepted" ? last : null;
  useEffect(() => {
    if (!accepted || typed.peek() === null) return;
    const { amount } = readMoney(typed.peek() ?? "", auction.currency);
    if (amount === accepted.amount) typed.value = null;
  }, [accepted?.key]);
  return typed;
}

function KindChoice({ kind, onChoose }: { kind: BidKind; onChoose: (kind: BidKind) => void }) {
  return (
    <>
      <Choice
        label={t("bid.kind")}
        options={KINDS.map((value) => ({ value, text: t(`bid.kind.${value}`) }))}
        value={kind}
        onChoose={onChoose}
      />
      <p class="hint">{t(`bid.kind.${kind}.hint`)}</p>
    </>
  );
}

function buttonText(said: { amount: number | null; isRaise: boolean }, auction: Auction): string {
  if (said.amount === null) return t(said.isRaise ? "bid.raise.plain" : "bid.submit.plain");
  const amount = money(said.amount, auction.currency);
  return t(said.isRaise ? "bid.raise" : "bid.submit", { amount });
}

function amountHint(auction: Auction, maximum: number | null): string {
  const { currency, minimum_next_bid: minimum } = auction;
  if (maximum !== null) return t("bid.amount.above", { amount: money(maximum, currency) });
  if (minimum === null) return t("bid.none_higher");
  return t("bid.amount.hint", { amount: money(minimum, currency) });
}

/** The viewer's maximum while they lead, else null. */
function ownMaximum({ mine, leader }: Auction): number | null {
  const leads = mine?.alias != null && leader?.alias === mine.alias;
  return leads ? mine.maximum : null;
}

/** An amount to offer a leader: one step of the price above their maximum. */
function aboveMaximum({ minimum_next_bid: minimum, price }: Auction, maximum: number): number {
  return maximum + Math.max(1, (minimum ?? price) - price);
}
