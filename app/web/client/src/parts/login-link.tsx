/** The way to the log-in and back to here; a word instead while a session is being taken up. */
import { t } from "../i18n";
import { loginPath } from "../router";
import { isRestoring } from "../store/session";
import { Link } from "./link";

interface Props {
  children: string;
  class?: string;
}

export function LoginLink({ children, class: className }: Props) {
  if (isRestoring.value) return <p class="quiet">{t("session.restoring")}</p>;
  return (
    <Link to={loginPath()} {...(className ? { class: className } : {})}>
      {children}
    </Link>
  );
}
