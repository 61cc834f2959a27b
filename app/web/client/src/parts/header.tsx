/** The top of every page: where one can go, who one is, language and colours. */
import { chooseLanguage, LANGUAGES, type Language, language, t } from "../i18n";
import { navigate } from "../router";
import { notices } from "../store/notices";
import { isRestoring, logOut, user } from "../store/session";
import { THEMES, type Theme, theme } from "../store/theme";
import { Link } from "./link";

export function Header() {
  return (
    <header class="top">
      <Link to="/" class="brand">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>{t("app.name")}</span>
      </Link>
      <nav aria-label={t("nav.main")}>
        <Link to="/">{t("nav.auctions")}</Link>
        <Link to="/sell">{t("nav.sell")}</Link>
        {user.value ? <Member /> : <Guest />}
      </nav>
      <Preferences />
    </header>
  );
}

function Guest() {
  if (isRestoring.value) return <span class="quiet small">{t("session.restoring")}</span>;
  return (
    <>
      <Link to="/login">{t("nav.login")}</Link>
      <Link to="/signup">{t("nav.signup")}</Link>
    </>
  );
}

function Member() {
  const leave = () => {
    logOut();
    navigate("/");
  };
  const unread = notices.value.length;
  return (
    <>
      <Link to="/bids">{t("nav.my_bids")}</Link>
      <Link to="/notices">
        {t("nav.notices")}
        {unread > 0 && <span class="badge">{unread}</span>}
      </Link>
      <button type="button" class="plain" onClick={leave}>
        {t("nav.logout")}
      </button>
      <Link to="/account" class="whoami">
        {user.value?.nickname}
      </Link>
    </>
  );
}

function Preferences() {
  return (
    <div class="preferences">
      <select
        aria-label={t("prefs.language")}
        value={language.value}
        onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
      >
        {LANGUAGES.map(({ code, name }) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
      <select
        aria-label={t("prefs.theme")}
        value={theme.value}
        onChange={(event) => {
          theme.value = event.currentTarget.value as Theme;
        }}
      >
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {t(`prefs.theme.${name}`)}
          </option>
        ))}
      </select>
    </div>
  );
}
