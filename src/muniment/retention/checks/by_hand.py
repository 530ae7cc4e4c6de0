"""Decisions made by hand beside what would have been decided of the same person or record on the same day.

The facts are those that are held now. Of a person, what happened, was recorded or was held after that day is left out.
A record is decided by everybody on it, as a run would on that day by what is known now; where that cannot be told of a
few, the one who keeps it longest counts. What a source has corrected since is taken as it stands.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from muniment.core.models import Controller
from muniment.engine.policy.model import Policy
from muniment.engine.retention import decide
from muniment.engine.retention.checked import GOES
from muniment.engine.retention.decision import Decision
from muniment.engine.retention.facts import Facts
from muniment.people.models import PrimePerson
from muniment.records.models import Record
from muniment.retention import queries
from muniment.retention.deciding import decide_few, explaining, facts_seen
from muniment.retention.deciding.explaining import Explanation
from muniment.retention.models import Review
from muniment.retention.policies import policy_now

DISPOSE, KEEP, PERSON = "dispose", "keep", "person"
# From what lets go to what keeps longest.
_STRICTEST = ("dispose", "archive", "review", "escalate", "retain", "hold")


@dataclass(frozen=True)
class Subject:
    """Whom or what was decided about: a prime person, or one record."""

    controller: Controller
    prime: PrimePerson | None = None
    record: Record | None = None


@dataclass(frozen=True)
class Beside:
    """What would have been decided on a day, by which facts, and of whom they tell."""

    made: Decision
    facts: Facts
    prime: PrimePerson | None
    on: date

    @property
    def system(self) -> str:
        """The decision as people would say it: dispose, keep, or that a person is asked."""
        return as_people_say(self.made, self.on)

    def explained(self) -> Explanation:
        """Return the explanation of it, from the facts that the reader may see."""
        return explaining.explain_as_on(self.made, self.facts, self.prime, self.on)


def as_people_say(made: Decision, on: date) -> str:
    """Say a decision as people would on a day: until its day has come what is due later is kept."""
    if made.due is not None and made.due > on:
        return KEEP
    if made.outcome in GOES:
        return DISPOSE
    return PERSON if made.outcome in {"review", "escalate"} else KEEP


def beside(subject: Subject, on: date) -> Beside:
    """Return what would have been decided of somebody or of a record on a day."""
    policy = policy_now.policy()
    every = [_decided(prime, facts, policy, on) for prime, facts in _facts(subject, on)]
    strictest = max(every, key=lambda each: (_STRICTEST.index(each.made.outcome), each.made.due or date.max))
    if subject.record is None:
        return strictest
    told = decide_few.decide(
        policy, on, people=[each.prime.pk for each in every if each.prime], records=[subject.record.pk]
    )
    rows = told.records.to_pylist() if told else []
    row = next((each for each in rows if each["record_id"] == subject.record.pk), None)
    if row is None:
        return strictest
    driving = next((each for each in every if each.prime and each.prime.pk == row["driving_person"]), every[0])
    return replace(driving, made=_of_record(row, driving.made))


def _of_record(row: Mapping[str, Any], alone: Decision) -> Decision:
    """Return the decision about a record by everybody on it, in place of the one by one of them alone."""
    same = (row["outcome"], row["due"], row["rule"]) == (alone.outcome, alone.due, alone.rule)
    because, missing = tuple(row["because"]), tuple(row["missing"])
    made = replace(alone, outcome=row["outcome"], due=row["due"], rule=row["rule"], because=because, missing=missing)
    return made if same else replace(made, bounds=())


def _decided(prime: PrimePerson | None, facts: Facts, policy: Policy, on: date) -> Beside:
    return Beside(decide(facts, policy, on), facts, prime, on)


def _facts(subject: Subject, on: date) -> Iterator[tuple[PrimePerson | None, Facts]]:
    if subject.record is None:
        assert subject.prime is not None
        yield subject.prime, _then(subject.prime, subject, on)
        return
    people = list(explaining.people_on(subject.record))
    if not people:
        yield None, facts_seen.about_record_alone(subject.record)
    for prime in people:
        yield prime, _then(prime, subject, on)


def _then(prime: PrimePerson, subject: Subject, on: date) -> Facts:
    """Return the facts about somebody without what came after a day; the review that was decided on it is after it."""
    record = subject.record.pk if subject.record else None
    facts = facts_seen.about_person(prime).under(subject.controller.code, record)
    last = _last_review(prime, subject.controller, on)
    person = replace(
        facts.person,
        last_review=last.decided_at.date() if last and last.decided_at else None,
        next_review=last.next_review if last else None,
        flags=tuple(each for each in facts.person.flags if not _after(each.start, on)),
    )
    return replace(
        facts,
        person=person,
        involvements=tuple(each for each in facts.involvements if each.record == record or not _after(each.dated, on)),
        events=tuple(each for each in facts.events if not _after(each.dated, on)),
        holds=tuple(each for each in facts.holds if not _after(each.start, on)),
    )


def _after(day: date | None, on: date) -> bool:
    return day is not None and day > on


def _last_review(prime: PrimePerson, controller: Controller, on: date) -> Review | None:
    earlier = queries.decided_about(prime).filter(controller=controller, decided_at__date__lt=on)
    return earlier.exclude(outcome=Review.Outcome.DISPOSE).first()
