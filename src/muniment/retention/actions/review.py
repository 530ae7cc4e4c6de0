"""Work a review: start, save, park, refer, record what came, hand over, decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.core.models import Controller
from muniment.core.verdicts import Refused, Verdict, unless
from muniment.people.models import PrimePerson
from muniment.people.queries import life_digest, membership_digest
from muniment.retention import queries, rules
from muniment.retention.actions import requests as requesting
from muniment.retention.deciding import facts_seen, quality
from muniment.retention.models import Agreement, Review, ReviewAnswer, ReviewAsk, ReviewTrigger
from muniment.retention.policies import policy_now, review_policy
from muniment.retention.requests.answers import Answer
from muniment.retention.reviews import assessment, drafts, intervals, second
from muniment.retention.reviews.drafts import Draft

_RISK = {1: 300, 2: 200, 3: 100, 0: 50}  # by the group, as the schedule opens them; 0 is none


@dataclass(frozen=True)
class Came:
    """What came of something that was asked of somebody else, as a code of `ReviewAsk.Answer`, and in words."""

    answer: str
    said: str = ""


@dataclass(frozen=True)
class Need:
    """Why somebody asks for a review outside the schedule: a code of `policy/reviews.yaml`, and in words."""

    code: str
    why: str


@dataclass(frozen=True)
class Answers:
    """What a reviewer has answered so far: criterion to yes, no or not_known, with reasons in words.

    `came` is what came of what was asked of others, by the key of the `ReviewAsk`. `seen` is the digest of the life
    that lay before them (`people.queries.life_digest`); left out, it is taken that they saw who made up the person when
    the review began.
    """

    answers: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    seen: str | None = None
    came: Mapping[int, Came] = field(default_factory=dict)


@dataclass(frozen=True)
class Conclusion:
    """What a reviewer decides: the outcome, why, which records stay, and when to look again.

    `requests` is what is answered to requests for deletion or erasure about the person, by the key of each.
    """

    outcome: str
    reason: str
    kept_records: tuple[int, ...] = ()
    next_review: date | None = None
    requests: Mapping[int, Answer] = field(default_factory=dict)


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


def ask(prime: PrimePerson, controller: Controller, *, by: Actor, need: Need | None = None) -> Review:
    """Open a review of a person as they are made up now, because somebody asks for one; what waits already is it.

    No run closes it. Raise Refused when the force or office has nothing of the person to review, or the need is none
    of those that policy names or is without a reason.
    """
    on = timezone.localdate()
    if by.user:
        access.may(by.user, "review.work", on=on, controller=controller).require()
    if need is not None:
        verdict = unless(need.code in review_policy.on(on).needs, "Choose why the review is needed.")
        verdict &= reasons.is_given(need.why, rules.NEEDING)
        verdict.require()
    with transaction.atomic():
        decision = queries.person_decision(prime, controller)
        if decision is None:
            raise Refused((f"{controller.name} holds no record of this person that a review could be about.",))
        waiting = next((each for each in queries.open_reviews(prime) if each.controller_id == controller.pk), None)
        if waiting is not None:
            _needed(waiting, need, by)
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
        _needed(made, need, by)
        audit.record(by, "review.ask", subject=made.reference, controller=controller.code)
    return made


def _needed(review: Review, need: Need | None, by: Actor) -> None:
    """Keep why a review was asked for beside it, whether it was opened by that or waited already."""
    if need is None:
        return
    number = review.triggers.count() + 1
    made = ReviewTrigger.objects.create(
        prime_id=review.prime_id,
        controller_id=review.controller_id,
        code=need.code,
        about=f"need:{review.pk}:{number}",
        dated=timezone.localdate(),
        said=content.store(
            f"review:{review.pk}:need:{number}", "reason", need.why.strip(), scope_id=drafts.scope_of(review)
        ),
        by=by.name,
        review=review,
    )
    audit.record(
        by, "review.need", subject=review.reference, controller=review.controller.code, detail={"need": made.code}
    )


def save(
    review: Review, answers: Answers, *, by: Actor, version: int | None = None, draft: Draft | None = None
) -> Review:
    """Keep answers, some or all, and what is typed beside them; whoever saves takes the review on.

    A draft replaces the one before; without one, that stays.
    """
    with transaction.atomic():
        held = _taken_up(_locked(review, "save", by, version), by)
        _keep(held, answers)
        _keep_what_came(held, answers.came, by)
        changes = _begun_anew(held, answers)
        if draft is not None:
            changes["draft"] = drafts.keep(held, draft, drafts.scope_of(held))
        return _moved(held, "save", by, allocated_to=by.name, waiting_for="", **changes)


def _begun_anew(held: Review, answers: Answers) -> dict[str, object]:
    """Return who makes up the person now, if that is what lay before the reviewer: from here on it is about them."""
    if answers.seen is None or answers.seen != life_digest(held.prime_id):
        return {}
    return {"membership_digest": membership_digest(held.prime_id), "doubted_at": None}


def _keep(review: Review, answers: Answers) -> None:
    scope, asked = drafts.scope_of(review), assessment.asked(review.prime_id)
    for criterion, answer in answers.answers.items():
        if criterion not in asked:
            continue
        words = answers.reasons.get(criterion, "").strip()
        owner = f"review:{review.pk}:{criterion}"
        kept = content.store(owner, "reason", words, scope_id=scope) if words else None
        ReviewAnswer.objects.update_or_create(
            review=review, criterion=criterion, defaults={"answer": answer, "reason": kept}
        )


def _keep_what_came(review: Review, came: Mapping[int, Came], by: Actor) -> None:
    """Record what came of what was asked of others; each is answered once, and by whoever works the review."""
    for waiting in review.asks.select_for_update().filter(pk__in=list(came), answer=""):
        told = came[waiting.pk]
        unless(told.answer in ReviewAsk.Answer.values, "Choose what came of what you asked for.").require()
        words = told.said.strip()
        unless(bool(words), f"Say what came of what was asked for: {waiting.what}.").require()
        waiting.answer, waiting.answered_by, waiting.answered_at = told.answer, by.name, timezone.now()
        waiting.said = content.store(
            f"review:{review.pk}:ask:{waiting.pk}", "reason", words, scope_id=drafts.scope_of(review)
        )
        waiting.save()
        detail = {"ask": waiting.pk, "of": waiting.of, "answer": waiting.answer}
        audit.record(by, "review.answer", subject=review.reference, controller=review.controller.code, detail=detail)


def _asked(review: Review, of: str, what: str, by: Actor) -> None:
    ReviewAsk.objects.create(review=review, of=of, what=what, asked_by=by.name)


def park(review: Review, *, by: Actor, waiting_for: str, of: str = ReviewAsk.Of.OTHER) -> Review:
    """Put a review aside until something arrives: paper, an answer from a national database, a fact.

    What is awaited stays open beside the review until somebody records what came of it.
    """
    awaited = waiting_for.strip()[:60]
    verdict = unless(bool(awaited), "Say what the review is waiting for.")
    verdict &= unless(of in ReviewAsk.Of.values, "Choose what kind of thing the review waits for.")
    verdict.require()
    with transaction.atomic():
        held = _locked(review, "park", by, None)
        _asked(held, of, awaited, by)
        return _moved(held, "park", by, waiting_for=awaited)


def refer(review: Review, *, by: Actor, to: str) -> Review:
    """Refer a review to a specialist, who need not be a user; it stays with whoever refers it."""
    unless(bool(to.strip()), "Say to whom you refer the review.").require()
    with transaction.atomic():
        held = _locked(review, "refer", by, None)
        _asked(held, ReviewAsk.Of.SPECIALIST, to.strip()[:60], by)
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

    Where policy asks for a second person, what is decided waits for them and counts once they agree. Raise Refused with
    every reason when answers are missing, the person has changed, what was asked of others is not answered, or no
    reason is given.
    """
    with transaction.atomic():
        held = _taken_up(_locked(review, "decide", by, version), by)
        _keep_what_came(held, answers.came, by)
        merged = {answer.criterion: answer.answer for answer in held.answers.all()} | answers.answers
        asked = assessment.asked(held.prime_id)
        verdict = rules.is_answered(merged, assessment.in_words(asked))
        why = {answer.criterion: answer.reason_id is not None for answer in held.answers.all()}
        why |= {code: bool(text.strip()) for code, text in answers.reasons.items() if code in answers.answers}
        needing = {code: each for code, each in asked.items() if each.needs_reason}
        verdict &= rules.is_reasoned(merged, why, assessment.in_words(needing))
        verdict &= reasons.is_given(conclusion.reason, rules.DECIDING)
        verdict &= unless(conclusion.outcome in Review.Outcome.values, "Choose what is to happen to the records.")
        verdict &= _is_current(held, answers)
        verdict &= rules.is_answered_by_others(held.asks.filter(answer="").values_list("what", flat=True))
        verdict &= unless(
            conclusion.outcome != Review.Outcome.PART or bool(conclusion.kept_records),
            "Tick what is to be kept, or choose to dispose of everything that may go.",
        )
        verdict &= requesting.are_answered(held, conclusion.requests)
        if conclusion.outcome != Review.Outcome.RETAIN:
            verdict &= _is_known_enough(held)
        if conclusion.outcome != Review.Outcome.DISPOSE:
            on = timezone.localdate()
            latest = intervals.latest_next_review(held, on)
            verdict &= rules.is_next_review(conclusion.next_review, on, latest.day, latest.because)
        verdict.require()
        _keep(held, answers)
        reason = content.store(
            f"review:{held.pk}:decision", "reason", conclusion.reason.strip(), scope_id=drafts.scope_of(held)
        )
        requesting.keep_answers(held, conclusion.requests, by=by)
        because = second.needed(held, conclusion.outcome, merged)
        if because:
            Agreement.objects.create(review=held, because=because, proposed_by=by.name)
        decision = queries.person_decision(held.prime, held.controller)
        return _moved(
            held,
            "await agreement" if because else "decide",
            by,
            outcome=conclusion.outcome,
            reason=reason,
            draft=None,
            kept_records=list(conclusion.kept_records),
            next_review=conclusion.next_review,
            decided_by=by.name,
            decided_at=timezone.now(),
            decided_group=decision.group if decision else None,
            membership_digest=membership_digest(held.prime_id),
            doubted_at=None,
        )


def _is_known_enough(held: Review) -> Verdict:
    """Nothing goes while a fact is wanting that could have it kept; what could change nothing stops nothing."""
    facts = facts_seen.about_person(held.prime).under(held.controller.code)
    found = quality.lacking(facts, policy_now.policy(), timezone.localdate())
    return rules.is_known_enough((each.fact, each.keeps) for each in found)


def _is_current(held: Review, answers: Answers) -> Verdict:
    """A decision is about what lay before the reviewer: whatever came or went since has to be looked at first."""
    if answers.seen is None:
        return rules.is_current(held, membership_digest(held.prime_id))
    return unless(
        answers.seen == life_digest(held.prime_id),
        "Records of this person came or went after you opened this page. They are on it now: look through them, then"
        " decide.",
    )
