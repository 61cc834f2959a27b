/** Why somebody may not bid: a FORBIDDEN whose detail says which (app/services/rights.py). */

/** The details of the server, and the words the page has for each. */
const REASONS: Readonly<Record<string, string>> = {
  "prove your e-mail address before your first bid": "NOT_PROVED",
  "this account is suspended": "SUSPENDED",
};

/** The code of an error, told apart by its detail where that matters to a bidder. */
export function reasonOf({ code, detail }: { code: string; detail: string }): string {
  return (code === "FORBIDDEN" && REASONS[detail]) || code;
}
