/** A labelled input with its hint and its fault. */
import type { InputHTMLAttributes } from "preact";
import { useId } from "preact/hooks";
import { t } from "../i18n";

interface Props {
  label: string;
  value: string;
  onText: (text: string) => void;
  hint?: string | undefined;
  fault?: string | undefined;
  /** Makes it a text area of so many lines. */
  lines?: number;
  type?: "text" | "email" | "password" | "datetime-local";
  inputMode?: "numeric" | "decimal";
  autoComplete?: string;
  maxLength?: number;
}

export function Field({ label, value, onText, hint, fault, lines, type = "text", ...rest }: Props) {
  const id = useId();
  // A fault that says no more than "not valid" says of nothing that it is missing.
  const isMissing = fault === t("field.invalid") && value.trim() === "";
  const faultShown = isMissing ? t("field.required") : fault;
  const shared = {
    ...rest,
    id,
    value,
    "aria-invalid": fault ? true : undefined,
    "aria-describedby": hint || fault ? `${id}-about` : undefined,
  };
  // Preact's types split inputs by each literal `type`; ours is any of a few.
  const input = { ...shared, type } as InputHTMLAttributes;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {lines ? (
        <textarea {...shared} rows={lines} onInput={(event) => onText(event.currentTarget.value)} />
      ) : (
        <input {...input} onInput={(event) => onText(event.currentTarget.value)} />
      )}
      {(hint || fault) && (
        <p id={`${id}-about`} class={fault ? "fault" : "hint"}>
          {faultShown ?? hint}
        </p>
      )}
    </div>
  );
}
