"""`python -m stack.supply.licences` writes docs/licences.md: what others made, under which licence.

With `--check` it writes nothing, and names parts that are not on the page, and those whose licence
is unknown or not allowed (licences.toml); then it exits with 1. The licences of Go modules, Kafka's
jars and packages that are not installed here are read from their files when a version is new, and
from the page from then on: a version never changes.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from stack.places import CHECKOUT
from stack.supply.licence_sources import UNKNOWN, go_licence, jar_licence, python_licence
from stack.supply.parts import DEVELOPMENT, SECTIONS, SERVERS, Part, all_parts

PAGE = CHECKOUT / "docs" / "licences.md"
RULES = Path(__file__).with_name("licences.toml")
ROW = re.compile(r"^\| (\S+) \| (\S+) \| ([^|]+) \|$", re.MULTILINE)
HEAD = """# Licences of what others made

Made by `make docs` from the lock files and the metadata of what they pin; `make check` holds it.
Nothing of which the house is made is under the AGPL, the SSPL or a vendor's terms; which licences
are allowed is said in `stack/supply/licences.toml`. LGPL parts (psycopg2, crc32c) are used as the
libraries they are, and can be replaced. GPL-3 tools (hadolint, ShellCheck) look at our files and
become part of nothing.

Not listed: Debian's packages (`/usr/share/doc/*/copyright`).
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """The allow-list of licences, and how others spell them."""

    allowed: frozenset[str]
    in_development: frozenset[str]
    spellings: dict[str, str]
    stated: dict[str, str]
    servers: dict[str, str]

    def complaint(self, part: Part, licence: str) -> str:
        """Why this part may not be used, in one line; empty when it may."""
        if licence == UNKNOWN:
            return f"{part.name} {part.version}: licence unknown; read it, say it in {RULES.name}"
        if part.section == SERVERS:
            return ""
        allowed = self.allowed | (self.in_development if part.section in DEVELOPMENT else set())
        if is_allowed(licence, allowed):
            return ""
        return f"{part.name} {part.version}: {licence} is not among the licences of {RULES.name}"


def is_allowed(expression: str, allowed: frozenset[str] | set[str]) -> bool:
    """Whether one of the choices that an SPDX expression leaves consists of allowed licences."""
    try:
        canonical = canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return False
    choices = canonical.split(" OR ")
    return any(all(one in allowed for one in choice.split(" AND ")) for choice in choices)


def read_rules() -> Rules:
    """The rules of licences.toml."""
    table: dict[str, Any] = tomllib.loads(RULES.read_text(encoding="utf-8"))
    allowed = frozenset(table["allowed"])
    extra = frozenset(table["allowed_in_development"])
    return Rules(allowed, extra, table["spellings"], table["stated"], table["servers"])


def licence_of(part: Part, rules: Rules, known: dict[tuple[str, str], str]) -> str:
    """The SPDX expression of a part, UNKNOWN when nobody says it in words we know."""
    if part.section == SERVERS:
        return rules.servers.get(part.name, UNKNOWN)
    if part.name in rules.stated:
        return rules.stated[part.name]
    if part.licence:
        return rules.spellings.get(part.licence, part.licence)
    found = UNKNOWN
    if part.section.startswith("Python"):
        found = python_licence(part, rules.spellings)
    elif (part.name, part.version) not in known:
        found = go_licence(part) if "/" in part.name else jar_licence(part, rules.spellings)
    return known.get((part.name, part.version), UNKNOWN) if found == UNKNOWN else found


def page(licences: dict[Part, str]) -> str:
    """The text of docs/licences.md."""
    return HEAD + "".join(_section(name, licences) for name in SECTIONS)


def _section(name: str, licences: dict[Part, str]) -> str:
    rows = [
        f"| {part.name} | {part.version} | {licence} |\n"
        for part, licence in sorted(licences.items(), key=lambda row: (row[0].name, row[0].version))
        if part.section == name
    ]
    return f"\n## {name}\n\n{SECTIONS[name]}\n\n| part | version | licence |\n|---|---|---|\n" + (
        "".join(rows)
    )


def faults(licences: dict[Part, str], rules: Rules, shown: str) -> Iterator[str]:
    """Yield what is wrong with the parts and with the page as it is, one line each."""
    for part, licence in licences.items():
        if complaint := rules.complaint(part, licence):
            yield complaint
    rows, made = set(ROW.findall(shown)), page(licences)
    for name, version, licence in sorted(set(ROW.findall(made)) - rows):
        yield f"docs/licences.md lacks {name} {version} under {licence}: make docs"
    if shown != made:
        yield "docs/licences.md is not what is made: make docs"


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    rules = read_rules()
    shown = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    known = {(name, version): licence.strip() for name, version, licence in ROW.findall(shown)}
    licences = {part: licence_of(part, rules, known) for part in all_parts(CHECKOUT)}
    if "--check" not in arguments and shown != (made := page(licences)):
        PAGE.write_text(made, encoding="utf-8")
        print(PAGE.relative_to(CHECKOUT))
        shown = made
    found = list(faults(licences, rules, shown))
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
