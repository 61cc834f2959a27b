/** A seller's button beside somebody: lets them bid on none of the seller's auctions, or again. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { errorText, t } from "../i18n";
import type { Person } from "../protocol";
import { blocked, readBlocks, setBlocked } from "../store/blocks";
import { HttpProblem } from "../wire/http";
import { personName } from "./person-name";

export function BlockButton({ person }: { person: Person }) {
  const fault = useSignal<string | null>(null);
  const isBusy = useSignal(false);
  useEffect(() => void readBlocks().catch(() => {}), []); // without it nobody is shown as blocked
  const isBlocked = blocked.value?.has(person.id) ?? false;
  const act = async () => {
    if (isBusy.value) return;
    isBusy.value = true;
    fault.value = null;
    try {
      await setBlocked(person, !isBlocked);
    } catch (problem) {
      if (!(problem instanceof HttpProblem)) throw problem;
      fault.value = problem.code;
    } finally {
      isBusy.value = false;
    }
  };
  const name = { name: personName(person) };
  return (
    <>
      <button
        type="button"
        class="plain small"
        aria-label={t(isBlocked ? "block.undo.label" : "block.do.label", name)}
        onClick={() => void act()}
      >
        {t(isBlocked ? "block.undo" : "block.do")}
      </button>
      <span role="status" class="fault small">
        {fault.value !== null && errorText(fault.value)}
      </span>
    </>
  );
}
