/** The paths that are pages. The build tells the server, which answers all others with 404. */

export const PAGE_PATHS = [
  "/",
  "/login",
  "/login/failed",
  "/link",
  "/signup",
  "/verify",
  "/forgot",
  "/reset",
  "/sell",
  "/bids",
  "/notices",
  "/account",
] as const;
export const AUCTION_PATHS = "/auctions/";

/** As the server reads them: `:id` stands for an id. */
export const ROUTES: readonly string[] = [...PAGE_PATHS, `${AUCTION_PATHS}:id`];
