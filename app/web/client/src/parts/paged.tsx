/** A list that is read page by page: its items, its emptiness, its failure, and a button for more. */
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { errorText, t } from "../i18n";
import { type LoadPage, PagedList } from "../store/paged-list";

interface Props<T> {
  load: LoadPage<T>;
  empty: string;
  class: string;
  children: (item: T) => VNode;
}

export function Paged<T>({ load, empty, class: className, children }: Props<T>) {
  const list = useMemo(() => new PagedList(load), [load]);
  useEffect(() => {
    void list.more();
    return () => list.close();
  }, [list]);
  const items = list.items.value;
  return (
    <>
      {items.length > 0 && <ul class={className}>{items.map(children)}</ul>}
      {list.loading.value && <p class="quiet">{t("page.loading")}</p>}
      {!list.loading.value && <After list={list} empty={empty} />}
    </>
  );
}

function After<T>({ list, empty }: { list: PagedList<T>; empty: string }) {
  if (list.error.value) {
    return (
      <p role="alert">
        {errorText(list.error.value)}{" "}
        <button type="button" onClick={() => void list.more()}>
          {t("page.retry")}
        </button>
      </p>
    );
  }
  if (list.items.value.length === 0) return <p class="quiet">{empty}</p>;
  if (!list.nextCursor.value) return null;
  return (
    <button type="button" onClick={() => void list.more()}>
      {t("page.more")}
    </button>
  );
}
