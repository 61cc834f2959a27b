/** Putting a product up for auction, in one go. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { LoginLink } from "../parts/login-link";
import { Page } from "../parts/page";
import { SellForm } from "../parts/sell-form";
import { user } from "../store/session";

export function SellPage() {
  const isHalfDone = useSignal(false);
  return (
    <Page title={t("sell.title")} narrow>
      {user.value ? (
        <>
          <p role="status">{isHalfDone.value && t("sell.half_done")}</p>
          <SellForm
            onProductSaved={() => {
              isHalfDone.value = true;
            }}
          />
        </>
      ) : (
        <LoginLink class="button primary">{t("sell.login")}</LoginLink>
      )}
    </Page>
  );
}
