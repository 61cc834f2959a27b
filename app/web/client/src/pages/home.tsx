/** The list of auctions, with live prices. What it shows is in the address. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { errorText, t } from "../i18n";
import { AuctionCard } from "../parts/auction-card";
import { Choice } from "../parts/choice";
import { Page } from "../parts/page";
import { navigate, search } from "../router";
import { type Filter, filterOf, pathOf, queryOf, SORTS, STATUSES } from "../store/auction-filter";
import { AuctionList } from "../store/auction-list";

const TYPING_PAUSE_MS = 300;

export function HomePage() {
  const list = useMemo(() => new AuctionList(), []);
  const filter = filterOf(search.value);
  useEffect(() => () => list.close(), [list]);
  const show = () => void list.show(queryOf(filter));
  useEffect(show, [list, pathOf(filter)]);
  const set = (change: Partial<Filter>) =>
    navigate(pathOf({ ...filterOf(location.search), ...change }), { replace: true });
  return (
    <Page title={t("home.title")}>
      <search class="filters">
        <Choice
          label={t("home.status")}
          options={STATUSES.map((status) => ({ value: status, text: t(`status.${status}`) }))}
          value={filter.status}
          onChoose={(status) => set({ status })}
        />
        <SearchBox query={filter.query} onQuery={(query) => set({ query })} />
        <select
          aria-label={t("home.sort")}
          value={filter.sort}
          onChange={(event) => set({ sort: event.currentTarget.value as Filter["sort"] })}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {t(`home.sort.${sort}`)}
            </option>
          ))}
        </select>
      </search>
      <Items list={list} query={filter.query} onRetry={show} />
    </Page>
  );
}

/** Keeps what is typed as it is typed; the list follows after a pause. */
function SearchBox({ query, onQuery }: { query: string; onQuery: (query: string) => void }) {
  const typed = useSignal(query);
  // What the box asked for itself comes back as `query` when more may have been typed already.
  const asked = useRef(query);
  useEffect(() => {
    if (query === asked.current) return;
    asked.current = query;
    typed.value = query;
  }, [query]);
  useEffect(() => {
    const wanted = typed.value.trim();
    const ask = () => {
      if (wanted === asked.current) return;
      asked.current = wanted;
      onQuery(wanted);
    };
    const pause = setTimeout(ask, TYPING_PAUSE_MS);
    return () => clearTimeout(pause);
  }, [typed.value]);
  return (
    <input
      type="search"
      aria-label={t("home.search")}
      placeholder={t("home.search.hint")}
      maxLength={120}
      value={typed.value}
      onInput={(event) => {
        typed.value = event.currentTarget.value;
      }}
    />
  );
}

interface ItemsProps {
  list: AuctionList;
  query: string;
  onRetry: () => void;
}

function Items({ list, query, onRetry }: ItemsProps) {
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
  return (
    <>
      <p role="status" class="quiet">
        {isEmpty && emptyText(list.loading.value, query)}
      </p>
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

function emptyText(isLoading: boolean, query: string): string {
  if (isLoading) return t("page.loading");
  return query === "" ? t("home.empty") : t("home.none_found", { query });
}
