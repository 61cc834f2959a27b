/**
 * A form that calls the server: one call at a time, its refusal shown as a whole and per field. The
 * first field with a fault takes the focus. Who has gone elsewhere meanwhile is left there.
 */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { errorText, fieldFaultText } from "../i18n";
import { navigate } from "../router";
import { HttpProblem, problemOf } from "../wire/http";

/** What is wrong with a field by its name in the protocol, in words; undefined when nothing is. */
export type FaultOf = (field: string) => string | undefined;

interface Props {
  submitLabel: string;
  /** Calls the server; the answer is the page to go to then, or null to stay. */
  onSubmit: () => Promise<string | null>;
  children: (fault: FaultOf) => ComponentChildren;
}

export function Form({ submitLabel, onSubmit, children }: Props) {
  const busy = useSignal(false);
  const problem = useSignal<HttpProblem | null>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (problem.value) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problem.value]);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    if (form.current && focusUnreadable(form.current)) {
      problem.value = new HttpProblem("INVALID", 422);
      return;
    }
    busy.value = true;
    problem.value = await problemOf(async () => {
      const next = await onSubmit();
      if (next !== null && form.current) navigate(next, { replace: true });
    });
    busy.value = false;
  };
  return (
    <form class="stack" onSubmit={submit} noValidate ref={form}>
      {children((field) => faultText(problem.value, field))}
      <p role="alert" class="fault">
        {problem.value && errorText(problem.value.code)}
      </p>
      <button type="submit" class="primary" aria-disabled={busy.value}>
        {submitLabel}
      </button>
    </form>
  );
}

/** Half a date reads as none: whether there is such a field, which then has the focus. */
function focusUnreadable(form: HTMLFormElement): boolean {
  const found = [...form.querySelectorAll("input")].find(({ validity }) => validity.badInput);
  found?.focus();
  return found !== undefined;
}

function faultText(problem: HttpProblem | null, field: string): string | undefined {
  const found = problem?.errors.find((known) => known.field === field);
  return found && fieldFaultText(field, found.code);
}
