/** The token of a mail's link: what follows `#`, which no server is sent. */
import { useMemo } from "preact/hooks";

/** The token the page was opened with; it is taken out of the address bar and the history. */
export function useMailToken(): string {
  return useMemo(() => {
    const token = location.hash.slice(1);
    if (token) history.replaceState(history.state, "", location.pathname + location.search);
    return token;
  }, []);
}
