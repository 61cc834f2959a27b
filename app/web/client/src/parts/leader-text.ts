/** Who leads an auction, in words. */
import { bidderName } from "../format";
import { t } from "../i18n";
import type { Auction } from "../protocol";

/** Empty while nobody does. */
export function leaderText({ leader, mine }: Auction): string {
  if (!leader) return "";
  const ownAlias = mine?.alias ?? null;
  if (leader.alias === ownAlias) return t("auction.leader.you");
  return t("auction.leader", { name: bidderName(leader.alias, ownAlias) });
}
