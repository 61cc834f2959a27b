/** On the account page: whom the viewer has blocked from bidding on their auctions. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { errorText, t } from "../i18n";
import { blocked, readBlocks } from "../store/blocks";
import { HttpProblem } from "../wire/http";
import { BlockButton } from "./block-button";
import { personName } from "./person-name";

export function AccountBlocks() {
  const fault = useSignal<string | null>(null);
  useEffect(() => {
    readBlocks().catch((problem) => {
      fault.value = problem instanceof HttpProblem ? problem.code : "INTERNAL";
    });
  }, []);
  const people = [...(blocked.value?.values() ?? [])];
  return (
    <section class="panel">
      <h2>{t("blocks.title")}</h2>
      <p class="hint">{t("blocks.hint")}</p>
      {fault.value !== null && <p class="fault">{errorText(fault.value)}</p>}
      {blocked.value !== null && people.length === 0 && <p class="quiet">{t("blocks.empty")}</p>}
      <ul class="blocks">
        {people.map((person) => (
          <li key={person.id} class="row spread">
            {personName(person)} <BlockButton person={person} />
          </li>
        ))}
      </ul>
    </section>
  );
}
