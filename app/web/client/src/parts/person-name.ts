/** What a person is called; who is erased, or cannot be looked up now, by a number. */
import { t } from "../i18n";

export function personName({ id, nickname }: { id: number; nickname: string }): string {
  return nickname === "" ? t("person.nameless", { id }) : nickname;
}
