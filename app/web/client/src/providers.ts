/** The providers by which one may log in here: the server names them in the page itself. */
import type { IdentityItem } from "./protocol";

export type Provider = IdentityItem["provider"];

const KNOWN: readonly Provider[] = ["google", "kakao", "naver"];

export function isProvider(name: string | null | undefined): name is Provider {
  return KNOWN.includes(name as Provider);
}

/** In the order of the server; none where the page does not come from one. */
export function offered(page: ParentNode = document): Provider[] {
  const named = page.querySelector<HTMLMetaElement>('meta[name="providers"]')?.content ?? "";
  return named.split(" ").filter(isProvider);
}

/** Where the way to a provider begins, which leads back to `next`; `links`: for who is signed in. */
export function providerPath(provider: Provider, next: string, { links = false } = {}): string {
  const path = `/oauth2/authorization/${provider}?next=${encodeURIComponent(next)}`;
  return links ? `${path}&link` : path;
}
