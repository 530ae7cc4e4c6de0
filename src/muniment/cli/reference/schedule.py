"""The retention schedule: every class with each of its dated values, its authority and how sure that is."""

from collections.abc import Iterable

from muniment.cli.reference.markdown import table
from muniment.engine import policy
from muniment.engine.policy import RecordClass, Terms
from muniment.engine.policy.model import Length


def page() -> str:
    """Return the page of the schedule, by area."""
    classes = policy.load().classes
    parts = [
        "# Retention schedule\n",
        "From `policy/retention/schedule`. A value holds from its day until the next; the first answers for the days"
        " before it too. *Evidence* says how the period is known: `seen` is read at its source, `partial`, `recalled`"
        " and `proposed` are not. Only what is seen and about police records, or what a controller has adopted, can"
        " dispose of anything without a person; everything else opens a review.\n",
    ]
    for area in sorted({each.area for each in classes.values()}):
        of_area = (each for each in classes.values() if each.area == area)
        parts += [f"## {area.replace('_', ' ').capitalize()}\n", _table(of_area)]
    return "\n".join(parts)


def _table(classes: Iterable[RecordClass]) -> str:
    rows = [
        (f"`{each.id}`", each.title, terms.start, _period(terms), terms.action, terms.authority, _evidence(terms))
        for each in sorted(classes, key=lambda each: each.id)
        for terms in each.values
    ]
    return table(["class", "title", "from", "period", "then", "authority", "evidence"], rows)


def _period(terms: Terms) -> str:
    trigger = terms.trigger.replace("_", " ")
    if terms.length is None:
        return f"{terms.kind.replace('_', ' ')} ({trigger})"
    return f"{_words(terms.length)} from {trigger}"


def _words(length: Length) -> str:
    years, months = divmod(length.months, 12)
    parts = [(years, "year"), (months, "month"), (length.days, "day")]
    return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count) or "at once"


def _evidence(terms: Terms) -> str:
    words = f"{terms.evidence}{', verified' if terms.verified else ''}"
    return f"{words}; applies to {terms.applies_to}" if terms.applies_to else words
