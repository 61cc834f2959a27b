/** The form for a new product and its auction: two calls, the first made once only. */
import { useSignal } from "@preact/signals";
import { CURRENCIES } from "../format/money";
import { t } from "../i18n";
import type { Currency } from "../protocol";
import {
  auctionOf,
  EMPTY_LISTING,
  LENGTHS,
  type Length,
  type Listing,
  productOf,
} from "../store/listing";
import { clock } from "../store/live";
import { api } from "../store/session";
import { Field } from "./field";
import { type FaultOf, Form } from "./form";
import { Select } from "./select";

type Setter = <K extends keyof Listing>(name: K) => (value: Listing[K]) => void;

interface Part {
  listing: Listing;
  set: Setter;
  fault: FaultOf;
}

export function SellForm({ onProductSaved }: { onProductSaved: () => void }) {
  const listing = useSignal(EMPTY_LISTING);
  const productId = useSignal<number | null>(null);
  const set: Setter = (name) => (value) => {
    listing.value = { ...listing.value, [name]: value };
  };
  const submit = async () => {
    auctionOf(listing.value, clock.nowMs()); // what cannot be read leaves no product behind
    if (productId.value === null) {
      const product = await api.createProduct(productOf(listing.value));
      productId.value = product.id;
      clock.guess(Date.parse(product.created_at)); // there may be no connection to tell the time
    }
    const auction = auctionOf(listing.value, clock.nowMs());
    try {
      const { id } = await api.createAuction({ ...auction, product_id: productId.value });
      return `/auctions/${id}`;
    } catch (error) {
      onProductSaved();
      throw error;
    }
  };
  return (
    <Form submitLabel={t("sell.submit")} onSubmit={submit}>
      {(fault) => (
        <>
          {productId.value === null && (
            <ProductPart listing={listing.value} set={set} fault={fault} />
          )}
          <AuctionPart listing={listing.value} set={set} fault={fault} />
        </>
      )}
    </Form>
  );
}

function ProductPart({ listing, set, fault }: Part) {
  return (
    <fieldset class="stack">
      <legend>{t("sell.product")}</legend>
      <Field
        label={t("sell.name")}
        maxLength={120}
        value={listing.name}
        onText={set("name")}
        fault={fault("name")}
      />
      <Field
        label={t("sell.description")}
        lines={4}
        maxLength={10000}
        value={listing.description}
        onText={set("description")}
        fault={fault("description")}
      />
      <Select
        label={t("sell.currency")}
        options={CURRENCIES.map((code) => ({ value: code, text: code }))}
        value={listing.currency}
        onChoose={set("currency") as (code: Currency) => void}
      />
    </fieldset>
  );
}

function AuctionPart({ listing, set, fault }: Part) {
  return (
    <fieldset class="stack">
      <legend>{t("sell.auction")}</legend>
      <Field
        label={t("sell.starting_price")}
        inputMode="decimal"
        value={listing.startingPrice}
        onText={set("startingPrice")}
        fault={fault("starting_price")}
      />
      <Field
        label={t("sell.reserve_price")}
        hint={t("sell.reserve_price.hint")}
        inputMode="decimal"
        value={listing.reservePrice}
        onText={set("reservePrice")}
        fault={fault("reserve_price")}
      />
      <Field
        label={t("sell.buy_now_price")}
        hint={t("sell.buy_now_price.hint")}
        inputMode="decimal"
        value={listing.buyNowPrice}
        onText={set("buyNowPrice")}
        fault={fault("buy_now_price")}
      />
      <Select
        label={t("sell.length")}
        options={LENGTHS.map((length) => ({ value: length, text: t(`sell.length.${length}`) }))}
        value={listing.length}
        onChoose={set("length") as (length: Length) => void}
      />
      <Field
        label={t("sell.starts")}
        hint={t("sell.starts.hint")}
        type="datetime-local"
        value={listing.startsAt}
        onText={set("startsAt")}
        fault={fault("starts_at") ?? fault("ends_at")}
      />
    </fieldset>
  );
}
