"""When a second person has to agree to a decision of a review, by risk, as policy says (`policy/reviews.yaml`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from muniment.people.shown.chronology import Entry, chronology
from muniment.retention import queries
from muniment.retention.models import Review
from muniment.retention.policies import review_policy
from muniment.retention.reviews import assessment

BELIEF = ("political", "religious")  # marks of `policy/codes/sensitive.yaml`


def needed(review: Review, outcome: str, answers: Mapping[str, str]) -> list[str]:
    """Return why a second person has to agree to this outcome of a review, as codes; nothing where nobody has to."""
    asked = review_policy.on(timezone.localdate()).second_approval
    case = _Case(review, answers)
    return [code for code, outcomes in asked.items() if outcome in outcomes and _CASES[code](case)]


@dataclass(frozen=True)
class _Case:
    """A decision as it is about to be taken; the life is read when a condition asks for it."""

    review: Review
    answers: Mapping[str, str]

    @cached_property
    def life(self) -> list[Entry]:
        every = chronology(self.review.prime)
        return [entry for entry in every if entry.record.system.controller_id == self.review.controller_id]


def is_of_belief(entry: Entry) -> bool:
    """Say whether a record carries data about political opinions or religion."""
    return any(mark.code in BELIEF for mark in entry.marks)


def is_young_offending(entry: Entry) -> bool:
    """Say whether someone was, or may have been, under 18 at what a record suspects them of."""
    kinds = assessment.policy_kinds()
    return bool(entry.young) and any(kinds.get(part.role) == assessment.OFFENDER for part in entry.parts)


def _all_no(case: _Case) -> bool:
    asked = assessment.asked(case.review.prime_id)
    return bool(asked) and all(case.answers.get(code) == "no" for code in asked)


def _group_1(case: _Case) -> bool:
    decision = queries.person_decision(case.review.prime, case.review.controller)
    return decision is not None and decision.group == 1


_CASES: Mapping[str, Callable[[_Case], bool]] = {
    "special": lambda case: any(map(is_of_belief, case.life)),
    "young": lambda case: any(map(is_young_offending, case.life)),
    "all_no": _all_no,
    "group_1": _group_1,
}
CODES = tuple(_CASES)
