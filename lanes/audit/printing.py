"""An audit's results as lines of text, or as JSON; `names` are the invariants, each in a few
words."""

from collections.abc import Iterator, Mapping

import msgspec

from lanes.audit.results import AuditResults, CheckResult


def lines(results: AuditResults, names: Mapping[str, str]) -> Iterator[str]:
    """Yield one line per invariant, followed by its violations, gaps and notes."""
    width = max(map(len, names.values())) + 2
    yield from results.notes
    for invariant, result in results:
        yield f"{invariant:<4}{names[invariant]:<{width}}{_figures(result)}"
        yield from (f"      ! {line}" for line in result.examples)
        if result.violations > len(result.examples):
            yield f"      ! and {result.violations - len(result.examples)} more"
        if result.unchecked is None:
            yield from (f"      not checked: {gap}" for gap in result.gaps)
        yield from (f"      {note}" for note in result.notes)
    yield _summary(results)


def as_json(results: AuditResults, names: Mapping[str, str]) -> str:
    """Return the results as one JSON object; an invariant that was not checked has null instead of
    figures."""
    found = [_object(names[invariant], invariant, result) for invariant, result in results]
    document = {"notes": results.notes, "violated": results.violated, "invariants": found}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _summary(results: AuditResults) -> str:
    unchecked = [invariant for invariant, result in results if result.unchecked is not None]
    violated = results.violated
    summary = f"VIOLATED: {', '.join(violated)}" if violated else "nothing is violated"
    return f"{summary}; not checked: {', '.join(unchecked)}" if unchecked else summary


def _figures(result: CheckResult) -> str:
    if result.unchecked is not None:
        return f"not checked: {result.unchecked}"
    return f"{result.checked:>10} checked  {result.violations:>6} violations"


def _object(name: str, invariant: str, result: CheckResult) -> dict[str, object]:
    unchecked = result.unchecked
    return {
        "invariant": invariant,
        "name": name,
        "checked": result.checked if unchecked is None else None,
        "violations": result.violations if unchecked is None else None,
        "examples": result.examples,
        "not_checked": result.gaps if unchecked is None else [unchecked],
        "notes": result.notes,
    }
