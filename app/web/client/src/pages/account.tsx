/** The account of the signed-in user: who one is, where one is signed in, the password. */
import { t } from "../i18n";
import { AccountIdentities } from "../parts/account-identities";
import { AccountPassword } from "../parts/account-password";
import { AccountSessions } from "../parts/account-sessions";
import { MembersPage } from "../parts/members-page";
import { user } from "../store/session";

export function AccountPage() {
  const { nickname, email } = user.value ?? {};
  return (
    <MembersPage title={t("account.title")} narrow>
      <p class="account-name">
        <strong>{nickname}</strong>
        {email && <span class="quiet">{email}</span>}
      </p>
      <AccountSessions />
      {email && <AccountPassword />}
      <AccountIdentities />
    </MembersPage>
  );
}
