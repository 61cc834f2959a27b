/** The language now, and texts in it. Reading a text inside a component follows the language. */
import { computed, signal } from "@preact/signals";
import type { Catalogue, Key, PluralStem, Values } from "./catalogue";
import { en } from "./en";
import { ko } from "./ko";

export type { Key } from "./catalogue";

export const catalogues = { ko, en } satisfies Record<string, Catalogue>;
export type Language = keyof typeof catalogues;
export const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: "ko", name: "한국어" },
  { code: "en", name: "English" },
];

const STORED = "language";

function isLanguage(code: string | null | undefined): code is Language {
  return code != null && code in catalogues;
}

/** The remembered choice, else the first language of the browser that there is, else English. */
export function firstLanguage(remembered: string | null, wanted: readonly string[]): Language {
  if (isLanguage(remembered)) return remembered;
  const codes = wanted.map((tag) => tag.toLowerCase().split("-")[0]);
  return codes.find(isLanguage) ?? "en";
}

export const language = signal<Language>(
  firstLanguage(localStorage.getItem(STORED), navigator.languages),
);
export const plurals = computed(() => new Intl.PluralRules(language.value));

/** Changes the language and remembers it. */
export function chooseLanguage(code: Language): void {
  localStorage.setItem(STORED, code);
  language.value = code;
}

/** The text of `key` in the language now, its names filled with `values`. */
export function t<K extends Key>(key: K, ...[values]: Values<K>): string {
  return fill(catalogues[language.value][key], values ?? {});
}

/** The text of `stem` in the plural form for `count`. */
export function tn(stem: PluralStem, count: number): string {
  const catalogue: Catalogue = catalogues[language.value];
  const form = `${stem}.${plurals.value.select(count)}` as Key;
  const text = catalogue[form] ?? catalogue[`${stem}.other`];
  return fill(text, { count: new Intl.NumberFormat(language.value).format(count) });
}

/** What an error code means to a person. */
export function errorText(code: string): string {
  const catalogue: Readonly<Record<string, string>> = catalogues[language.value];
  return catalogue[`error.${code}`] ?? t("error.other");
}

/** What is wrong with a field, by the code of its fault: in words of its own, where it has some. */
export function fieldFaultText(field: string, code: string): string {
  const catalogue: Readonly<Record<string, string>> = catalogues[language.value];
  return catalogue[`field.${field}.${code}`] ?? catalogue[`field.${code}`] ?? t("field.invalid");
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
