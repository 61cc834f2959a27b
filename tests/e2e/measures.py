"""What a browser's page measures of itself, by scripts that run in it."""

from playwright.sync_api import Page

FINGER_PX = 44
EDGE_CONTRAST = 3.0

# Links within a sentence are as high as its line (WCAG 2.5.8); radio buttons are their labels.
_CONTROLS = """
const text = node => [...node.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim());
const inSentence = e => e.matches("p > a") && text(e.parentElement).join("") !== "";
const controls = [...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .map(e => e.type === "radio" ? e.closest("label") : e)
  .filter(e => e.checkVisibility() && !e.matches(".skip") && !inSentence(e));
const name = e => `${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`.trim();
"""
_SMALL = (
    "least => {"
    + _CONTROLS
    + """return controls.map(e => [e, e.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < least - 0.01)
  .map(([e, box]) => `${name(e)}: ${box.width} x ${box.height}`); }"""
)
_WIDE = """() => {
const { clientWidth: width, scrollWidth } = document.documentElement;
if (scrollWidth <= width) return [];
return [...document.querySelectorAll("body *")]
  .filter(e => !e.matches(".skip") && e.getBoundingClientRect().right > width + 0.01)
  .map(e => `${e.tagName} ${e.className}: ${e.getBoundingClientRect().right}`); }"""
_FAINT = (
    "least => {"
    + _CONTROLS
    + """
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const luminance = text => rgb(text).slice(0, 3).map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = e => {
  for (; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if ((rgb(colour)[3] ?? 1) === 1) return colour;
  }
  return "rgb(255, 255, 255)";
};
const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
return controls.map(e => e.matches("label") ? e.querySelector("span") : e)
  .filter(e => parseFloat(getComputedStyle(e).borderTopWidth) > 0 && !e.matches(".card > a"))
  .map(e => [e, contrast(getComputedStyle(e).borderTopColor, behind(e.parentElement))])
  .filter(([, found]) => found < least).map(([e, found]) => `${name(e)}: ${found}`); }"""
)
_COVERED = (
    "() => {"
    + _CONTROLS
    + """const toast = document.querySelector("[data-testid=toast]");
if (!toast || getComputedStyle(toast).visibility === "hidden") return [];
const box = toast.getBoundingClientRect();
return controls.filter(e => !toast.contains(e))
  .map(e => e.matches(".card > a") ? e.querySelector("h2") : e)
  .filter(e => { const r = e.getBoundingClientRect();
    return r.left < box.right && r.right > box.left && r.top < box.bottom && r.bottom > box.top; })
  .map(name); }"""
)


def small_controls(page: Page) -> list[str]:
    """Controls in sight that are smaller than a finger, with their sizes."""
    found: list[str] = page.evaluate(_SMALL, FINGER_PX)
    return found


def scrolled_sideways(page: Page) -> list[str]:
    """Elements that end beyond the right edge of a page that is wider than its window."""
    found: list[str] = page.evaluate(_WIDE)
    return found


def faint_controls(page: Page) -> list[str]:
    """Return controls whose border has too little contrast, with that contrast."""
    found: list[str] = page.evaluate(_FAINT, EDGE_CONTRAST)
    return found


def controls_under_toast(page: Page) -> list[str]:
    """Return the controls that the visible toast covers; of a card that is a link, its name."""
    found: list[str] = page.evaluate(_COVERED)
    return found


def focused(page: Page) -> str:
    """The name of the element that has the focus; BODY when none has."""
    found: str = page.evaluate("document.activeElement.tagName")
    return found
