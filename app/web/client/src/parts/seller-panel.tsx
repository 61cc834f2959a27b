/** What a seller may still do to an auction of theirs: lower the reserve, cancel (rules 10, 16). */
import { useSignal } from "@preact/signals";
import { money } from "../format";
import { readMoney } from "../format/money";
import { t } from "../i18n";
import type { Auction } from "../protocol";
import { api } from "../store/session";
import { HttpProblem } from "../wire/http";
import { Field } from "./field";
import { Form } from "./form";

const REASON_MAX = 500;

export function SellerPanel({ auction }: { auction: Auction }) {
  return (
    <>
      {auction.reserve === "not_met" && (
        <details>
          <summary>{t("seller.reserve")}</summary>
          <LowerReserve auction={auction} />
        </details>
      )}
      <details>
        <summary>{t("seller.cancel")}</summary>
        <Cancel auction={auction} />
      </details>
    </>
  );
}

function LowerReserve({ auction }: { auction: Auction }) {
  const typed = useSignal("");
  const lowered = useSignal<number | null>(null);
  const submit = async () => {
    lowered.value = null;
    const { amount, fault } = readMoney(typed.value, auction.currency);
    if (amount === null) throw invalid("reserve_price", fault);
    await api.lowerReserve(auction.id, amount);
    lowered.value = amount;
    return null;
  };
  return (
    <>
      <Form submitLabel={t("seller.reserve.submit")} onSubmit={submit}>
        {(fault) => (
          <Field
            label={t("seller.reserve.new")}
            hint={t("seller.reserve.hint", {
              minimum: money(auction.starting_price, auction.currency),
            })}
            inputMode="decimal"
            value={typed.value}
            onText={(text) => {
              typed.value = text;
            }}
            fault={fault("reserve_price")}
          />
        )}
      </Form>
      <p role="status">
        {lowered.value !== null &&
          t("seller.reserve.done", { amount: money(lowered.value, auction.currency) })}
      </p>
    </>
  );
}

function Cancel({ auction }: { auction: Auction }) {
  const typed = useSignal("");
  const submit = async () => {
    const reason = typed.value.trim();
    if (reason === "" && auction.bid_count > 0) throw invalid("reason", "REQUIRED");
    await api.cancel(auction.id, reason === "" ? {} : { reason });
    return null;
  };
  return (
    <Form submitLabel={t("seller.cancel.submit")} onSubmit={submit}>
      {(fault) => (
        <Field
          label={t("seller.cancel.reason")}
          hint={t("seller.cancel.hint")}
          lines={2}
          maxLength={REASON_MAX}
          value={typed.value}
          onText={(text) => {
            typed.value = text;
          }}
          fault={fault("reason")}
        />
      )}
    </Form>
  );
}

function invalid(field: string, code: string): HttpProblem {
  return new HttpProblem("INVALID", 422, [{ field, code, message: "" }]);
}
