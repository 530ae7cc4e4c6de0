"""Whether a fact that is not known matters: the decision with one value of it that may be, and with another.

A fault in the data is a reason to wait only where mending it could change what is decided.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from muniment.engine.policy.model import Policy
from muniment.engine.retention.deciding import decide
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.facts import Facts, Involvement, Offence
from muniment.engine.retention.links import Measuring
from muniment.engine.values.dates import add_months, add_years, exactly

# The gravest offence there is and a known one of the lowest group.
_GRAVEST, _LEAST = Offence(ho_class="001/00"), Offence(ho_class="046/00")


@dataclass(frozen=True)
class Possible:
    """One value that a fact may have, in words, and what would be decided with it."""

    text: str
    decision: Decision


@dataclass(frozen=True)
class Either:
    """A fact that is not known, and what would be decided with the values at either end of what it may be.

    `possible` is empty where nothing is known to bound it: then it may matter.
    """

    fact: str
    possible: tuple[Possible, ...]

    @property
    def matters(self) -> bool:
        """Whether the decision hangs on it: its outcome or its group; a day that is past in both says the same."""
        return not self.possible or len({(each.decision.outcome, each.decision.group) for each in self.possible}) > 1


def either(facts: Facts, policy: Policy, on: date) -> tuple[Either, ...]:
    """Return every fact that the decision on a day lacks, with what would be decided with either value of it.

    What else is lacking stays lacking: of two facts that matter only together each is said to matter where it does
    alone.
    """
    work = Measuring()
    made = decide(facts, policy, on, work)
    oldest = policy.on(on, facts.controller).settings["ages"]["oldest"]
    found = []
    for fact in made.missing:
        values = list(_VALUES[fact](facts, on, oldest)) if fact in _VALUES else []
        possible = tuple(Possible(text, decide(other, policy, on, work)) for text, other in values)
        told = all(fact not in each.decision.missing for each in possible)
        found.append(Either(fact, possible if told and len(possible) > 1 else ()))
    return tuple(found)


_Values = Iterator[tuple[str, Facts]]


def _first_day(facts: Facts) -> date | None:
    return min((day for item in facts.involvements if (day := _day(item))), default=None)


def _day(item: Involvement) -> date | None:
    """Return the last day of which a link is known to tell."""
    days = [item.dated, item.happened.latest if item.happened else None, *(each.latest for each in item.dates.values())]
    return max((day for day in days if day), default=None)


def _born(facts: Facts, on: date, oldest: int) -> _Values:
    first = _first_day(facts)
    if first is None:
        return
    known = facts.person.born
    ends = (
        [("on the first day that sources give", known.earliest), ("on the last day that sources give", known.latest)]
        if known
        else [
            (f"{oldest - 1} years before the first record", add_years(first, 1 - oldest)),
            ("ten years before the first record", add_years(first, -10) - timedelta(days=1)),
        ]
    )
    for text, day in ends:
        if day <= on:
            yield f"they were born {text}", replace(facts, person=replace(facts.person, born=exactly(day)))


def _each(facts: Facts, lacks: Callable[[Involvement], bool], fill: Callable[[Involvement], Involvement]) -> Facts:
    return replace(facts, involvements=tuple(fill(item) if lacks(item) else item for item in facts.involvements))


def _results(facts: Facts, on: date, _oldest: int) -> _Values:
    def lacks(item: Involvement) -> bool:
        return item.result is None or item.result == "pending"

    def ended(item: Involvement, result: str, kind: str, day: date) -> Involvement:
        return replace(item, result=result, dates={**item.dates, kind: exactly(day)})

    def all_ended(result: str, kind: str) -> Facts:
        return _each(facts, lacks, lambda item: ended(item, result, kind, _day(item) or on))

    yield "nothing came of it", all_ended("nfa", "decision_date")
    yield "it ended in a conviction at the time", all_ended("convicted", "conviction_date")


def _releases(facts: Facts, on: date, _oldest: int) -> _Values:
    def lacks(item: Involvement) -> bool:
        return bool(item.sentence.custodial) and item.sentence.released is None

    def latest(item: Involvement) -> date:
        return add_months(_day(item) or on, item.sentence.months or 0)

    yield (
        "they were released on the day of the sentence",
        _each(facts, lacks, lambda item: replace(item, sentence=replace(item.sentence, released=_day(item) or on))),
    )
    yield (
        "they served the whole sentence",
        _each(
            facts, lacks, lambda item: replace(item, sentence=replace(item.sentence, released=min(on, latest(item))))
        ),
    )


def _offences(facts: Facts, _on: date, _oldest: int) -> _Values:
    def lacks(item: Involvement) -> bool:
        return item.offence == Offence() and item.record_offence == Offence()

    for text, offence in (("the offence was of the lowest group", _LEAST), ("the offence was murder", _GRAVEST)):
        yield text, _each(facts, lacks, lambda item, offence=offence: replace(item, offence=offence))  # type: ignore[misc]


_VALUES: Mapping[str, Callable[[Facts, date, int], _Values]] = {
    "date_of_birth": _born,
    "age_at_event": _born,
    "result": _results,
    "release_date": _releases,
    "offence": _offences,
}
