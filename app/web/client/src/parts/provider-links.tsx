/** The ways to log in by a provider. They lead to another site, so they are no links of this page. */
import { t } from "../i18n";
import { offered, type Provider, providerPath } from "../providers";

interface Props {
  next: string;
  /** Leaves this one out. */
  but?: Provider | undefined;
}

export function ProviderLinks({ next, but }: Props) {
  const providers = offered().filter((provider) => provider !== but);
  if (providers.length === 0) return null;
  return (
    <section class="stack" aria-label={t("provider.section")}>
      <p class="quiet">{t("provider.or")}</p>
      {providers.map((provider) => (
        <a key={provider} class="button" href={providerPath(provider, next)}>
          {t(`provider.${provider}.continue`)}
        </a>
      ))}
    </section>
  );
}
