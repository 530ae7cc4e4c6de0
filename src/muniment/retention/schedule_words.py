"""What the schedule says of a class, in words, for what is printed."""

from muniment.core import words
from muniment.engine.policy import Rules


def period(rules: Rules, rule: str) -> str:
    """Return for how long a class or rule is kept."""
    terms = rules.terms[rule]
    if terms.kind == "person_group":
        rest = f"; {words.period(terms.length)} where nobody on it is an offender" if terms.length else ""
        return f"As long as the group of its person{rest}"
    if terms.length is None:
        return words.spaced(terms.kind)
    return words.period(terms.length) if terms.length.months or terms.length.days else "At once"


def row(rules: Rules, rule: str) -> tuple[str, str, str, str, str]:
    """Return class, period, what it runs from, what follows, and its authority."""
    entry, terms = rules.classes[rule], rules.terms[rule]
    every = f", reviewed every {words.period(terms.review_every)}" if terms.review_every else ""
    start = words.say("date", terms.trigger)
    if entry.at_least is not None:
        more = words.say("date", entry.at_least.trigger).lower()
        start += f", and at least {words.period(entry.at_least.length)} from {more}"
    start += ", of a child from the 18th birthday" if entry.minors_from_18 else ""
    start += ", and the length of a custodial sentence" if entry.plus_sentence else ""
    then = words.say("decision", terms.action)
    if terms.action == "dispose":
        then += ", by itself" if rules.is_automatic(rule) else ", after a review: neither verified nor adopted"
    adoption = rules.adoptions.get(rule)
    authority = f"Adopted: {adoption.authority}" if adoption else terms.authority
    return f"{entry.title} ({rule})", period(rules, rule) + every, start, then, " ".join(authority.split())
