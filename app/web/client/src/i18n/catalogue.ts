/** What a catalogue is, and which keys and values its texts take: all derived from the English. */
import type { en } from "./en";

export type Key = keyof typeof en;
export type Catalogue = Readonly<Record<Key, string>>;

/** The names in braces of a text: `{name}`. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type NamesOf<K extends Key> = Names<(typeof en)[K]>;

/** The values the text of a key needs: none, or exactly its names. */
export type Values<K extends Key> = [NamesOf<K>] extends [never]
  ? []
  : [values: Readonly<Record<NamesOf<K>, string | number>>];

/** Stems of texts that come in a form per plural category: `bids.count` of `bids.count.one`. */
export type PluralStem = {
  [K in Key]: K extends `${infer Stem}.one` ? (`${Stem}.other` extends Key ? Stem : never) : never;
}[Key];
