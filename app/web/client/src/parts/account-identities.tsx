/** The log-ins by providers that are linked to the account: which, since when, link and unlink. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { moment } from "../format";
import { errorText, t } from "../i18n";
import type { IdentityItem } from "../protocol";
import { offered, type Provider, providerPath } from "../providers";
import { api, user } from "../store/session";
import { HttpProblem } from "../wire/http";

const ACCOUNT = "/account";

export function AccountIdentities() {
  const linked = useSignal<readonly IdentityItem[] | null>(null);
  const fault = useSignal<string | null>(null);
  const isBusy = useSignal(false);
  const done = async (work: () => Promise<unknown>) => {
    if (isBusy.value) return;
    isBusy.value = true;
    fault.value = null;
    try {
      await work();
      linked.value = (await api.identities()).items;
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      fault.value = error.code;
    } finally {
      isBusy.value = false;
    }
  };
  useEffect(() => void done(async () => null), []);
  const unlink = (provider: Provider) => done(() => api.unlinkIdentity(provider));
  const known = linked.value ?? [];
  const missing = offered().filter((name) => !known.some(({ provider }) => provider === name));
  if (linked.value && known.length + missing.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="identities">
      <h2 id="identities">{t("identities.title")}</h2>
      {user.value?.email === null && <p class="quiet">{t("identities.no_email")}</p>}
      <ul class="identities">
        {known.map(({ provider, linked_at }) => (
          <li key={provider} class="row spread">
            <span>
              {t(`provider.${provider}`)}{" "}
              <span class="quiet small">{t("identities.since", { time: moment(linked_at) })}</span>
            </span>
            <button type="button" aria-disabled={isBusy.value} onClick={() => unlink(provider)}>
              {t(`provider.${provider}.unlink`)}
            </button>
          </li>
        ))}
        {linked.value &&
          missing.map((provider) => (
            <li key={provider} class="row spread">
              <span>{t(`provider.${provider}`)}</span>
              <a class="button" href={providerPath(provider, ACCOUNT, { links: true })}>
                {t(`provider.${provider}.link`)}
              </a>
            </li>
          ))}
      </ul>
      <p role="alert" class="fault">
        {fault.value && errorText(fault.value)}
      </p>
    </section>
  );
}
