"""A review that is decided: what was decided in true words, with every answer and every reason."""

from collections.abc import Container
from dataclasses import dataclass

from muniment.core import content, words
from muniment.people.shown.chronology import Entry
from muniment.retention import queries
from muniment.retention.forms.reviews import ANSWERS
from muniment.retention.models import DisposalOrder, Review
from muniment.retention.reviews import assessment
from muniment.retention.views.staying import Staying, told_apart


@dataclass(frozen=True)
class Answered:
    """One question as it was answered."""

    question: str
    answer: str
    reason: str


@dataclass(frozen=True)
class Decided:
    """What was decided: in one sentence, what stays of what was to go and why, and the answers that led there."""

    outcome: str
    stays: list[Staying]
    answers: tuple[Answered, ...]
    reason: str


def decided(review: Review, own: list[Entry]) -> Decided | None:
    """Return what was decided about the records of the review's controller; None while nothing is."""
    if review.state not in {Review.State.DECIDED, Review.State.AGREEING}:
        return None
    order = review.orders.order_by("-pk").first()
    stays = _stays(review, order, own)
    return Decided(
        _outcome(review, order, sum(len(each.entries) for each in stays)),
        stays,
        answers_of(review),
        content.shown(review.reason),
    )


def _stays(review: Review, order: DisposalOrder | None, own: list[Entry]) -> list[Staying]:
    """Return the records that stay although others go, with why."""
    return staying_beside(order, set(queries.going(order)), own) if order else []


def staying_beside(order: DisposalOrder, going: Container[int | None], own: list[Entry]) -> list[Staying]:
    """Return the records of a life that stay beside those that go, with why: some its review chose to keep."""
    review = order.review
    left = [entry for entry in own if entry.record.pk not in going]
    chosen = tuple(entry for entry in left if review and entry.record.pk in review.kept_records)
    free, staying, _ = told_apart([entry for entry in left if entry not in chosen], order.prime_id)
    found = [Staying(chosen, "Chosen to be kept.", "")] if chosen else []
    return [*found, *staying, *([Staying(tuple(free), "Not part of the disposal.", "")] if free else [])]


def _outcome(review: Review, order: DisposalOrder | None, stays: int) -> str:
    following = f" Next review: {words.day(review.next_review)}." if review.next_review else ""
    if order is None:
        return f"{review.get_outcome_display()}.{following}"
    goes = order.items.count()
    what = "Keep part, and dispose of" if review.outcome == Review.Outcome.PART else "Dispose of"
    if not stays:
        every = {1: "the only record", 2: "both records"}.get(goes, f"all {goes} records")
        return f"Dispose of {every}.{following}"
    rest = f"{stays} stay{'s' if stays == 1 else ''}"
    chosen = "" if review.outcome == Review.Outcome.PART else " that may go"
    return f"{what} the {goes} of {goes + stays}{chosen}; {rest}.{following}"


def answers_of(review: Review) -> tuple[Answered, ...]:
    """Return every question that was answered, with its answer and reason, in the order in which they are asked."""
    questions, said = assessment.questions(), dict(ANSWERS)
    answers = {each.criterion: each for each in review.answers.select_related("reason")}
    order = [code for code in questions if code in answers] + [code for code in answers if code not in questions]
    return tuple(
        Answered(
            questions.get(code, code),
            said.get(answers[code].answer, answers[code].answer),
            content.shown(answers[code].reason),
        )
        for code in order
    )
