/** Light, dark or as the system says; remembered. */
import { effect, signal } from "@preact/signals";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORED = "theme";
const remembered = THEMES.find((known) => known === localStorage.getItem(STORED));

export const theme = signal<Theme>(remembered ?? "auto");

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  localStorage.setItem(STORED, theme.value);
});
