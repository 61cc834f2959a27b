/** What a browser says about itself (User-Agent), in the words people know it by. */
import { t } from "../i18n";

/** In this order: most name others, too. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/KAKAOTALK/i, "KakaoTalk"],
  [/NAVER\(/, "Naver"],
  [/Whale\//, "Whale"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/(Firefox|FxiOS)\//, "Firefox"],
  [/(Chrome|CriOS)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];
const SHOWN_MAX = 40;

/** `Chrome on Windows`; the beginning of what it says where neither is known. */
export function deviceName(userAgent: string): string {
  const browser = known(BROWSERS, userAgent);
  const system = known(SYSTEMS, userAgent);
  if (browser && system) return t("sessions.device", { browser, system });
  return browser ?? system ?? (userAgent.slice(0, SHOWN_MAX) || t("sessions.device.unknown"));
}

function known(table: typeof BROWSERS, userAgent: string): string | undefined {
  return table.find(([mark]) => mark.test(userAgent))?.[1];
}
