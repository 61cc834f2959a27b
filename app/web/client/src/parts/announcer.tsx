/** Tells a screen reader the newest price and end, in pauses it can follow. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { money, timeOfDay } from "../format";
import { t } from "../i18n";
import type { Auction } from "../protocol";
import { leaderText } from "./leader-text";

const PAUSE_MS = 3_000;

export function Announcer({ auction }: { auction: Auction }) {
  const said = useSignal("");
  const newest = useRef("");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const extensions = useRef(auction.extensions);
  newest.current = newsText(auction, auction.extensions > extensions.current);
  useEffect(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      said.value = newest.current;
      extensions.current = auction.extensions;
    }, PAUSE_MS);
  }, [auction.version]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  );
}

function newsText(auction: Auction, isExtended: boolean): string {
  if (!auction.leader || auction.status !== "open") return "";
  const price = t("auction.price.announced", {
    price: money(auction.price, auction.currency),
    leader: leaderText(auction),
  });
  if (!isExtended) return price;
  return `${price}. ${t("auction.extended.announced", { time: timeOfDay(auction.ends_at) })}`;
}
