"""Reads a part's licence from where it is installed: metadata, licence files, Maven's POM files."""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from xml.etree import ElementTree

from stack.commands import output_of
from stack.supply.parts import Part

UNKNOWN = "unknown"
POM = "{http://maven.apache.org/POM/4.0.0}"
MAVEN = Path.home() / ".m2" / "repository"
PARENTS_MAX = 5
# Text that only that licence has; the first match counts. White space is one blank there.
PHRASES = (
    ("Apache License Version 2.0", "Apache-2.0"),
    ("Mozilla Public License Version 2.0", "MPL-2.0"),
    ("Mozilla Public License, version 2.0", "MPL-2.0"),
    ("either the name", "BSD-3-Clause"),
    ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Permission to use, copy, modify, and/or distribute", "ISC"),
    ("Permission to use, copy, modify, and distribute this software for any purpose", "ISC"),
)


def python_licence(part: Part, spellings: Mapping[str, str]) -> str:
    """Return the licence of a package in this version, when it is installed here."""
    try:
        found = distribution(part.name)
    except PackageNotFoundError:
        return UNKNOWN
    if found.version != part.version:
        return UNKNOWN
    if "License-Expression" in found.metadata:
        return found.metadata["License-Expression"]
    return _spelled(found, spellings) or _in_texts(_licence_files(found))


def go_licence(part: Part) -> str:
    """Return the licence of a module, which Go fetches when it is not there."""
    program = ("go", "mod", "download", "-json", f"{part.name}@{part.version}")
    match = re.search(r'"Dir": "([^"]+)"', output_of(program))
    files = sorted(Path(match[1]).glob("[LC][IO][CP][EY]*")) if match else []
    return _in_texts(files)


def jar_licence(part: Part, spellings: Mapping[str, str]) -> str:
    """Return the licence that a jar's POM names, or the nearest of its parents that names one."""
    files = list(MAVEN.rglob(f"{part.name}-{part.version}.pom"))
    for _ in range(PARENTS_MAX):
        if not files:
            break
        project = ElementTree.parse(files[0]).getroot()  # noqa: S314 - verified by Maven
        names = [
            one.text or "" for one in project.iterfind(f"{POM}licenses/{POM}license/{POM}name")
        ]
        if names:
            found = {spellings.get(" ".join(name.split()), UNKNOWN) for name in names}
            return UNKNOWN if UNKNOWN in found else " OR ".join(sorted(found))
        parent = project.find(f"{POM}parent")
        files = [] if parent is None else _poms_of(parent)
    return UNKNOWN


def _poms_of(parent: ElementTree.Element) -> list[Path]:
    name, version = (parent.findtext(f"{POM}{tag}") for tag in ("artifactId", "version"))
    return list(MAVEN.rglob(f"{name}-{version}.pom"))


def _spelled(found: Distribution, spellings: Mapping[str, str]) -> str:
    """The licence that its metadata says in words we know; empty when it does not."""
    classifiers = found.metadata.get_all("Classifier") or []
    names = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: ")]
    said = [*(found.metadata.get_all("License") or []), *names]
    return next((spellings[one] for one in said if one in spellings), "")


def _licence_files(found: Distribution) -> list[Path]:
    files = [file for file in found.files or [] if re.match(r"LICEN[CS]E|COPYING", file.name)]
    return [Path(str(found.locate_file(file))) for file in files]


def _in_texts(files: Iterable[Path]) -> str:
    for file in files:
        text = " ".join(file.read_text(encoding="utf-8", errors="replace").split())
        for phrase, licence in PHRASES:
            if phrase in text:
                return licence
    return UNKNOWN
