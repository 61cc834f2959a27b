/**
 * Linking the log-in that a provider has just confirmed to an account: to the one that has the same
 * e-mail address (`?why=email`), once its owner has logged in to it, or to the one signed in.
 */
import { useRef } from "preact/hooks";
import { t } from "../i18n";
import { Form } from "../parts/form";
import { Link } from "../parts/link";
import { LoginForm } from "../parts/login-form";
import { LoginLink } from "../parts/login-link";
import { Page } from "../parts/page";
import { ProviderLinks } from "../parts/provider-links";
import { isProvider, type Provider } from "../providers";
import { localPath, nextPath } from "../router";
import { api, isRestoring, renew, user } from "../store/session";
import { HttpProblem } from "../wire/http";
import { MissingPage } from "./missing";

export function LinkPage() {
  const provider = new URLSearchParams(location.search).get("provider");
  if (!isProvider(provider)) return <MissingPage />;
  return (
    <Page title={t(`provider.${provider}.link`)} narrow>
      <Steps provider={provider} />
    </Page>
  );
}

/** Who logs in here sees the form until it has linked and leads on, not the question before it. */
function Steps({ provider }: { provider: Provider }) {
  const isProving = useRef(user.peek() === null && !isRestoring.peek());
  if (isProving.current) return <Prove provider={provider} />;
  if (user.value) return <Confirm provider={provider} />;
  return <LoginLink class="button primary">{t("nav.login")}</LoginLink>;
}

function Confirm({ provider }: { provider: Provider }) {
  return (
    <>
      <p>{t("link.confirm", { name: user.value?.nickname ?? "" })}</p>
      <Form submitLabel={t(`provider.${provider}.link`)} onSubmit={link}>
        {() => null}
      </Form>
      <Link to={localPath(nextPath())} class="button">
        {t("link.not_now")}
      </Link>
    </>
  );
}

function Prove({ provider }: { provider: Provider }) {
  return (
    <>
      <p>{t("link.prove")}</p>
      <LoginForm submitLabel={t("link.prove.submit")} then={link} />
      <ProviderLinks next={location.pathname + location.search} but={provider} />
    </>
  );
}

/** Links it to who is signed in; the page to go to then. Throws HttpProblem. */
async function link(): Promise<string> {
  try {
    await api.linkIdentity();
  } catch (error) {
    if (error instanceof HttpProblem && error.code === "FORBIDDEN") {
      throw new HttpProblem("LINK_OTHER_ACCOUNT", error.status);
    }
    throw error;
  }
  await renew().catch(() => null); // the account may have got an e-mail address by it
  return nextPath();
}
