/** A form that calls the server: one call at a time, its refusal shown as a whole and per field. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { errorText, fieldFaultText } from "../i18n";
import { HttpProblem } from "../wire/http";

/** What is wrong with a field by its name in the protocol, in words; undefined when nothing is. */
export type FaultOf = (field: string) => string | undefined;

interface Props {
  submitLabel: string;
  onSubmit: () => Promise<void>;
  children: (fault: FaultOf) => ComponentChildren;
}

export function Form({ submitLabel, onSubmit, children }: Props) {
  const busy = useSignal(false);
  const problem = useSignal<HttpProblem | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    problem.value = await problemOf(onSubmit());
    busy.value = false;
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
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

async function problemOf(work: Promise<void>): Promise<HttpProblem | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof HttpProblem) return error;
    throw error;
  }
}

function faultText(problem: HttpProblem | null, field: string): string | undefined {
  const found = problem?.errors.find((known) => known.field === field);
  return found && fieldFaultText(found.code);
}
