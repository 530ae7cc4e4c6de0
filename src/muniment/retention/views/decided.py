"""A review that is decided: what was decided in true words, with every answer and every reason."""

from dataclasses import dataclass

from muniment.core import content, words
from muniment.people.chronology import Entry
from muniment.retention import assessment, queries
from muniment.retention.actions import disposal
from muniment.retention.forms import ANSWERS
from muniment.retention.models import DisposalOrder, Review


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
    stays: tuple[tuple[Entry, str], ...]
    answers: tuple[Answered, ...]
    reason: str


def decided(review: Review, own: list[Entry]) -> Decided | None:
    """Return what was decided about the records of the review's controller; None while nothing is."""
    if review.state != Review.State.DECIDED:
        return None
    order = review.orders.order_by("-pk").first()
    stays = _stays(review, order, own)
    return Decided(_outcome(review, order, len(stays)), stays, _answers(review), content.shown(review.reason))


def _stays(review: Review, order: DisposalOrder | None, own: list[Entry]) -> tuple[tuple[Entry, str], ...]:
    """Return the records that stay although others go, each with why."""
    if order is None:
        return ()
    going, last = set(queries.going(order)), queries.last_days([entry.record.pk for entry in own])
    return tuple(
        (
            entry,
            _why(
                review,
                entry,
                disposal.may_go(getattr(entry.record, "decision", None), last.get(entry.record.pk)).reasons,
            ),
        )
        for entry in own
        if entry.record.pk not in going
    )


def _why(review: Review, entry: Entry, reasons: tuple[str, ...]) -> str:
    if entry.record.pk in review.kept_records:
        return "It was chosen to be kept."
    return " ".join(reasons) or "It is not part of the disposal."


def _outcome(review: Review, order: DisposalOrder | None, stays: int) -> str:
    following = f" Next review: {words.day(review.next_review)}." if review.next_review else ""
    if order is None:
        return f"{review.get_outcome_display()}.{following}"
    goes = order.items.count()
    what = "Keep part, and dispose of" if review.outcome == Review.Outcome.PART else "Dispose of"
    if not stays:
        return f"Dispose of {'the only record' if goes == 1 else f'all {goes} records'}.{following}"
    rest = f"{stays} stay{'s' if stays == 1 else ''}"
    chosen = "" if review.outcome == Review.Outcome.PART else " that may go"
    return f"{what} the {goes} of {goes + stays}{chosen}; {rest}.{following}"


def _answers(review: Review) -> tuple[Answered, ...]:
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
