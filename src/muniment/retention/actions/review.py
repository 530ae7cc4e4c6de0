"""Work a review: start, save, park, refer, hand over, decide."""

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller, Scope
from muniment.core.verdicts import Refused, Verdict, unless
from muniment.people.models import PrimePerson
from muniment.people.queries import life_digest, membership_digest
from muniment.retention import assessment, drafts, intervals, queries, rules
from muniment.retention.drafts import Draft
from muniment.retention.models import Review, ReviewAnswer

_RISK = {1: 300, 2: 200, 3: 100, 0: 50}  # by the group, as the schedule opens them; 0 is none


@dataclass(frozen=True)
class Answers:
    """What a reviewer has answered so far: criterion to yes, no or not_known, with reasons in words.

    `seen` is the digest of the life that lay before them (`people.queries.life_digest`); left out, it is taken that
    they saw who made up the person when the review began.
    """

    answers: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    seen: str | None = None


@dataclass(frozen=True)
class Conclusion:
    """What a reviewer decides: the outcome, why, which records stay, and when to look again."""

    outcome: str
    reason: str
    kept_records: tuple[int, ...] = ()
    next_review: date | None = None


def _locked(review: Review, move: str, by: Actor, version: int | None) -> Review:
    held = Review.objects.select_for_update().get(pk=review.pk)
    if by.user:
        access.may(by.user, "review.work", on=timezone.localdate(), controller=held.controller).require()
    rules.can_move(held, move).require()
    if version is not None:
        rules.is_unchanged(held, version, by.name).require()
    return held


def _moved(held: Review, move: str, by: Actor, **changes: object) -> Review:
    held.state = rules.REVIEW_MOVES[move][held.state]
    held.version += 1
    held.saved_by = by.name
    for name, value in changes.items():
        setattr(held, name, value)
    held.save()
    audit.record(by, f"review.{move.replace(' ', '_')}", subject=held.reference, controller=held.controller.code)
    return held


def _taken_up(held: Review, by: Actor) -> Review:
    """Take up again what was put aside: whoever goes on with it ends the waiting, and that is an event of its own."""
    if held.state not in {Review.State.PARKED, Review.State.REFERRED}:
        return held
    return _moved(held, "start", by, waiting_for="")


def ask(prime: PrimePerson, controller: Controller, *, by: Actor) -> Review:
    """Open a review of a person as they are made up now, because somebody asks for one; what waits already is it.

    No run closes it. Raise Refused when the force or office has nothing of the person to review.
    """
    if by.user:
        access.may(by.user, "review.work", on=timezone.localdate(), controller=controller).require()
    with transaction.atomic():
        decision = queries.person_decision(prime, controller)
        if decision is None:
            raise Refused((f"{controller.name} holds no record of this person that a review could be about.",))
        waiting = next((each for each in queries.open_reviews(prime) if each.controller_id == controller.pk), None)
        if waiting is not None:
            return waiting
        made = Review.objects.create(
            prime=prime,
            controller=controller,
            kind="explicit",
            trigger=decision.rule,
            due=timezone.localdate(),
            risk=_RISK.get(decision.group or 0, _RISK[0]),
            membership_digest=membership_digest(prime.pk),
        )
        audit.record(by, "review.ask", subject=made.reference, controller=controller.code)
    return made


def save(
    review: Review, answers: Answers, *, by: Actor, version: int | None = None, draft: Draft | None = None
) -> Review:
    """Keep answers, some or all, and what is typed beside them; whoever saves takes the review on.

    A draft replaces the one before; without one, that stays.
    """
    with transaction.atomic():
        held = _taken_up(_locked(review, "save", by, version), by)
        _keep(held, answers)
        changes = _begun_anew(held, answers)
        if draft is not None:
            changes["draft"] = drafts.keep(held, draft, _scope(held))
        return _moved(held, "save", by, allocated_to=by.name, waiting_for="", **changes)


def _begun_anew(held: Review, answers: Answers) -> dict[str, object]:
    """Return who makes up the person now, if that is what lay before the reviewer: from here on it is about them."""
    if answers.seen is None or answers.seen != life_digest(held.prime_id):
        return {}
    return {"membership_digest": membership_digest(held.prime_id), "doubted_at": None}


def _keep(review: Review, answers: Answers) -> None:
    scope, asked = _scope(review), assessment.asked(review.prime_id)
    for criterion, answer in answers.answers.items():
        if criterion not in asked:
            continue
        words = answers.reasons.get(criterion, "").strip()
        owner = f"review:{review.pk}:{criterion}"
        kept = content.store(owner, "reason", words, scope_id=scope) if words else None
        ReviewAnswer.objects.update_or_create(
            review=review, criterion=criterion, defaults={"answer": answer, "reason": kept}
        )


def _scope(review: Review) -> int | None:
    """The scope of a review's words: that of its controller's most open policing records."""
    scope = (
        Scope.objects.filter(controller=review.controller, partition="policing", restriction="").order_by("pk").first()
    )
    return scope.pk if scope else None


def park(review: Review, *, by: Actor, waiting_for: str) -> Review:
    """Put a review aside until something arrives: paper, an answer from a national database, a fact."""
    unless(bool(waiting_for.strip()), "Say what the review is waiting for.").require()
    with transaction.atomic():
        return _moved(_locked(review, "park", by, None), "park", by, waiting_for=waiting_for.strip()[:60])


def refer(review: Review, *, by: Actor, to: str) -> Review:
    """Refer a review to a specialist, who need not be a user; it stays with whoever refers it."""
    unless(bool(to.strip()), "Say to whom you refer the review.").require()
    with transaction.atomic():
        held = _locked(review, "refer", by, None)
        return _moved(held, "refer", by, waiting_for=to.strip()[:60], allocated_to=by.name)


def hand_over(review: Review, *, by: Actor, to: str) -> Review:
    """Give a review, with everything saved so far, to a colleague who may work it."""
    unless(bool(to.strip()), "Choose to whom you hand the review over.").require()
    with transaction.atomic():
        held = _locked(review, "hand over", by, None)
        may = {each.username for each in queries.colleagues(held)} - {by.name}
        unless(to in may, f"{to} may not work reviews of {held.controller.name}: choose a colleague who may.").require()
        return _moved(held, "hand over", by, allocated_to=to)


def decide(
    review: Review, answers: Answers, conclusion: Conclusion, *, by: Actor, version: int | None = None
) -> Review:
    """Decide a review. Disposal is only proposed by it: another person has to approve.

    Raise Refused with every reason when answers are missing, the person has changed, or no reason is given.
    """
    with transaction.atomic():
        held = _taken_up(_locked(review, "decide", by, version), by)
        merged = {answer.criterion: answer.answer for answer in held.answers.all()} | answers.answers
        verdict = rules.is_answered(merged, assessment.in_words(assessment.asked(held.prime_id)))
        verdict &= reasons.is_given(conclusion.reason, rules.DECIDING)
        verdict &= unless(conclusion.outcome in Review.Outcome.values, "Choose what is to happen to the records.")
        verdict &= _is_current(held, answers)
        verdict &= unless(
            conclusion.outcome != Review.Outcome.PART or bool(conclusion.kept_records),
            "Tick what is to be kept, or choose to dispose of everything that may go.",
        )
        if conclusion.outcome != Review.Outcome.DISPOSE:
            on = timezone.localdate()
            latest = intervals.latest_next_review(held, on)
            verdict &= rules.is_next_review(conclusion.next_review, on, latest.day, latest.because)
        verdict.require()
        _keep(held, answers)
        reason = content.store(f"review:{held.pk}:decision", "reason", conclusion.reason.strip(), scope_id=_scope(held))
        return _moved(
            held,
            "decide",
            by,
            outcome=conclusion.outcome,
            reason=reason,
            draft=None,
            kept_records=list(conclusion.kept_records),
            next_review=conclusion.next_review,
            decided_by=by.name,
            decided_at=timezone.now(),
            membership_digest=membership_digest(held.prime_id),
            doubted_at=None,
        )


def _is_current(held: Review, answers: Answers) -> Verdict:
    """A decision is about what lay before the reviewer: whatever came or went since has to be looked at first."""
    if answers.seen is None:
        return rules.is_current(held, membership_digest(held.prime_id))
    return unless(
        answers.seen == life_digest(held.prime_id),
        "Records of this person came or went after you opened this page. They are on it now: look through them, then"
        " decide.",
    )
