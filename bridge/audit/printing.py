"""An audit as lines for people, or as JSON for programs."""

from collections.abc import Iterator

import msgspec

from app.services.auditing.tallies import INVARIANTS, Tallies, Tally

_NAME_WIDTH = max(len(name) for name in INVARIANTS.values())


def lines(tallies: Tallies) -> Iterator[str]:
    """One line per invariant; beneath it what is wrong, what is missing, what is worth knowing."""
    yield from tallies.notes
    for invariant, tally in tallies:
        yield f"{invariant:<4}{INVARIANTS[invariant]:<{_NAME_WIDTH + 2}}{_figures(tally)}"
        yield from (f"      ! {line}" for line in tally.examples)
        if tally.violations > len(tally.examples):
            yield f"      ! and {tally.violations - len(tally.examples)} more"
        if tally.unchecked is None:
            yield from (f"      not checked: {gap}" for gap in tally.gaps)
        yield from (f"      {note}" for note in tally.notes)
    yield _summary(tallies)


def as_json(tallies: Tallies) -> str:
    """One object; an invariant that was not checked has null instead of figures."""
    found = [_object(invariant, tally) for invariant, tally in tallies]
    document = {"notes": tallies.notes, "violated": tallies.violated, "invariants": found}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _summary(tallies: Tallies) -> str:
    unchecked = [invariant for invariant, tally in tallies if tally.unchecked is not None]
    violated = tallies.violated
    said = f"VIOLATED: {', '.join(violated)}" if violated else "nothing is violated"
    return f"{said}; not checked: {', '.join(unchecked)}" if unchecked else said


def _figures(tally: Tally) -> str:
    if tally.unchecked is not None:
        return f"not checked: {tally.unchecked}"
    return f"{tally.checked:>10} checked  {tally.violations:>6} violations"


def _object(invariant: str, tally: Tally) -> dict[str, object]:
    unchecked = tally.unchecked
    return {
        "invariant": invariant,
        "name": INVARIANTS[invariant],
        "checked": tally.checked if unchecked is None else None,
        "violations": tally.violations if unchecked is None else None,
        "examples": tally.examples,
        "not_checked": tally.gaps if unchecked is None else [unchecked],
        "notes": tally.notes,
    }
