/** The list of auctions, with live prices. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { errorText, t } from "../i18n";
import { AuctionCard } from "../parts/auction-card";
import { Choice } from "../parts/choice";
import { Page } from "../parts/page";
import { AuctionList } from "../store/auction-list";
import type { AuctionFilter } from "../wire/api";

const STATUSES = ["open", "scheduled", "closed"] as const;
const SORTS = ["ending", "newest", "price"] as const;
const TYPING_PAUSE_MS = 300;

export function HomePage() {
  const list = useMemo(() => new AuctionList(), []);
  const filter = useSignal<AuctionFilter>({ status: "open", sort: "ending" });
  useEffect(() => () => list.close(), [list]);
  useEffect(() => {
    const pause = setTimeout(
      () => void list.show(filter.value),
      list.items.peek().length && TYPING_PAUSE_MS,
    );
    return () => clearTimeout(pause);
  }, [list, filter.value]);
  const set = (change: AuctionFilter) => {
    filter.value = { ...filter.value, ...change };
  };
  return (
    <Page title={t("home.title")}>
      <search class="filters">
        <Choice
          label={t("home.status")}
          options={STATUSES.map((status) => ({ value: status, text: t(`status.${status}`) }))}
          value={filter.value.status ?? "open"}
          onChoose={(status) => set({ status })}
        />
        <input
          type="search"
          aria-label={t("home.search")}
          placeholder={t("home.search.hint")}
          maxLength={120}
          value={filter.value.query ?? ""}
          onInput={(event) => set({ query: event.currentTarget.value.trim() || undefined })}
        />
        <select
          aria-label={t("home.sort")}
          value={filter.value.sort}
          onChange={(event) => set({ sort: event.currentTarget.value as (typeof SORTS)[number] })}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {t(`home.sort.${sort}`)}
            </option>
          ))}
        </select>
      </search>
      <Items list={list} onRetry={() => list.show(filter.value)} />
    </Page>
  );
}

function Items({ list, onRetry }: { list: AuctionList; onRetry: () => void }) {
  if (list.error.value) {
    return (
      <p role="alert">
        {errorText(list.error.value)}{" "}
        <button type="button" onClick={onRetry}>
          {t("page.retry")}
        </button>
      </p>
    );
  }
  const isEmpty = list.items.value.length === 0;
  if (isEmpty)
    return <p class="quiet">{list.loading.value ? t("page.loading") : t("home.empty")}</p>;
  return (
    <>
      <ul class="cards" aria-busy={list.loading.value}>
        {list.items.value.map((auction) => (
          <AuctionCard key={auction.id} auction={auction} />
        ))}
      </ul>
      {list.nextCursor.value && (
        <button type="button" onClick={() => void list.more()}>
          {t("page.more")}
        </button>
      )}
    </>
  );
}
