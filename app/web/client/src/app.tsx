/** The frame around every page, and which page a path shows. */
import { useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { language, t } from "./i18n";
import { AccountPage } from "./pages/account";
import { AuctionPage } from "./pages/auction";
import { ForgotPage } from "./pages/forgot";
import { HomePage } from "./pages/home";
import { LinkPage } from "./pages/link";
import { LoginPage } from "./pages/login";
import { LoginFailedPage } from "./pages/login-failed";
import { MissingPage } from "./pages/missing";
import { MyBidsPage } from "./pages/my-bids";
import { NoticesPage } from "./pages/notices";
import { ResetPage } from "./pages/reset";
import { SellPage } from "./pages/sell";
import { SignupPage } from "./pages/signup";
import { VerifyPage } from "./pages/verify";
import { AccountBar } from "./parts/account-bar";
import { ConnectionBar } from "./parts/connection-bar";
import { Header } from "./parts/header";
import { NoEmail } from "./parts/no-email";
import { ProofNotice } from "./parts/proof-notice";
import { Toasts } from "./parts/toasts";
import { idAfter, path } from "./router";
import { AUCTION_PATHS, type PAGE_PATHS } from "./routes";
import { connection } from "./store/live";
import { sessionKnown } from "./store/session";

type PagePath = (typeof PAGE_PATHS)[number];

const PAGES: Readonly<Record<PagePath, () => VNode>> = {
  "/": HomePage,
  "/login": LoginPage,
  "/login/failed": LoginFailedPage,
  "/link": LinkPage,
  "/signup": SignupPage,
  "/verify": VerifyPage,
  "/forgot": ForgotPage,
  "/reset": ResetPage,
  "/sell": SellPage,
  "/bids": MyBidsPage,
  "/notices": NoticesPage,
  "/account": AccountPage,
};

export function App() {
  useSignalEffect(() => {
    document.documentElement.lang = language.value;
  });
  useSignalEffect(() => {
    document.body.dataset.connection = connection.value;
  });
  return (
    <>
      <a class="skip" href="#main">
        {t("app.skip")}
      </a>
      <Header />
      <ConnectionBar />
      <AccountBar />
      <NoEmail />
      <ProofNotice />
      {sessionKnown.value ? <Routed /> : <p class="quiet centred">{t("page.loading")}</p>}
      <Toasts />
    </>
  );
}

function Routed() {
  const auctionId = idAfter(AUCTION_PATHS, path.value);
  if (auctionId !== null) return <AuctionPage key={auctionId} id={auctionId} />;
  const Page = path.value in PAGES ? PAGES[path.value as PagePath] : MissingPage;
  return <Page key={path.value} />;
}
