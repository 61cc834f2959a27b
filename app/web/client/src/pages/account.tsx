/** The account: who one is, where one is signed in, address, password, linked log-ins, whom one blocks, the end. */
import { t } from "../i18n";
import { AccountBlocks } from "../parts/account-blocks";
import { AccountEmail } from "../parts/account-email";
import { AccountErase } from "../parts/account-erase";
import { AccountIdentities } from "../parts/account-identities";
import { AccountPassword } from "../parts/account-password";
import { AccountSessions } from "../parts/account-sessions";
import { MembersPage } from "../parts/members-page";
import { user } from "../store/session";

export function AccountPage() {
  const { nickname, email, has_password } = user.value ?? {};
  return (
    <MembersPage title={t("account.title")} narrow>
      <p class="account-name">
        <strong>{nickname}</strong> {email && <span class="quiet">{email}</span>}
      </p>
      <AccountSessions />
      <AccountEmail />
      {has_password && <AccountPassword />}
      <AccountBlocks />
      <AccountIdentities />
      <AccountErase />
    </MembersPage>
  );
}
