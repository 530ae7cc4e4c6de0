"""What the schedule says of a class, in words: each as lines, the first what it is, the others what is to be added."""

from muniment.core import words
from muniment.engine.policy import RecordClass, Rules, Terms


def period(terms: Terms) -> list[str]:
    """Return for how long a class is kept, and how often it is reviewed meanwhile."""
    lines = [_length(terms)]
    if terms.kind == "person_group" and terms.length is not None:
        lines.append(f"{words.period(terms.length)} where nobody on it is an offender")
    if terms.review_every is not None:
        lines.append(f"reviewed every {words.period(terms.review_every)}")
    return lines


def _length(terms: Terms) -> str:
    if terms.kind == "person_group":
        return "As long as the group of its person"
    if terms.length is None:
        return words.spaced(terms.kind)
    return words.period(terms.length) if terms.length.months or terms.length.days else "At once"


def runs_from(entry: RecordClass, terms: Terms) -> list[str]:
    """Return from which day that is counted."""
    lines = [words.say("date", terms.trigger)]
    if entry.at_least is not None:
        start = words.say("date", entry.at_least.trigger).lower()
        lines.append(f"and at least {words.period(entry.at_least.length)} from {start}")
    if entry.minors_from_18:
        lines.append("of a child from the 18th birthday")
    if entry.plus_sentence:
        lines.append("and the length of a custodial sentence")
    return lines


def row(rules: Rules, rule: str) -> tuple[str, str, str, str, str]:
    """Return class, period, what it runs from, what follows, and its authority, for what is printed."""
    entry, terms = rules.classes[rule], rules.terms[rule]
    then = words.say("decision", terms.action)
    if terms.action == "dispose":
        then += ", by itself" if rules.is_automatic(rule) else ", after a review: neither verified nor adopted"
    adoption = rules.adoptions.get(rule)
    authority = f"Adopted: {adoption.authority}" if adoption else terms.authority
    told = (", ".join(period(terms)), ", ".join(runs_from(entry, terms)), then, " ".join(authority.split()))
    return f"{entry.title} ({rule})", *told
