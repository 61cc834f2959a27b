/** Says on every page what the account may not do, or why one is no longer signed in. */
import { type Key, t } from "../i18n";
import { type Farewell, farewell, user } from "../store/session";

const FAREWELLS = {
  ended: "session.ended",
  password: "session.password_changed",
  erased: "session.erased",
} as const satisfies Record<Farewell, Key>;

export function AccountBar() {
  const isSuspended = user.value?.status === "suspended";
  const left = user.value ? null : farewell.value;
  return (
    <div role="status" class="account-bar" data-account={isSuspended ? "suspended" : left}>
      {isSuspended && t("account.suspended")}
      {left && t(FAREWELLS[left])}
    </div>
  );
}
