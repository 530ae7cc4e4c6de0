"""Adopt a rule of the schedule for a controller, or end that, which two people do: what is adopted may dispose of
records without a person."""

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from muniment.core import access, audit, reasons, words
from muniment.core.actors import Actor
from muniment.core.models import Controller, RuleAdoption, User
from muniment.core.verdicts import ALLOWED, Refused, Verdict, refused, unless
from muniment.engine.policy.model import GROUP_3_RULES, Length, Policy, Terms
from muniment.retention import rules
from muniment.retention.actions import effects
from muniment.retention.disposals import ledger_lines
from muniment.retention.policies import policy_now

ADOPT = "schedule.adopt"
_NOT_SHOWN = (
    "What it would move is not worked out yet by the policy as it is now: the worker does that. Look at it, and then"
    " complete it."
)
_MOVED_SINCE = (
    "What it would move has changed since the page was made on which you looked at it: look at it again, and then"
    " complete it."
)
_WAITS = "Somebody has asked for this rule already: complete or refuse that first."


@dataclass(frozen=True)
class Proposal:
    """Which rule a controller is to adopt from a day on, or to end, on what paper.

    Without a `length` the rule applies for as long as the schedule says.
    """

    controller: Controller
    rule: str
    start: date
    authority: str
    length: Length | None = None
    ends: bool = False


def ask(proposal: Proposal, *, by: Actor) -> RuleAdoption:
    """Ask for an adoption, or for the end of one; somebody else has to complete it. It changes nothing yet."""
    may(proposal.controller, by).require()
    reasons.is_given(proposal.authority, rules.ADOPTING).require()
    _can_be(proposal).require()
    length = proposal.length
    try:
        with transaction.atomic():
            asked = RuleAdoption.objects.create(
                controller=proposal.controller,
                rule=proposal.rule,
                ends=proposal.ends,
                start=proposal.start,
                months=length.months if length else None,
                days=length.days if length else None,
                authority=proposal.authority,
                asked_by=by.name,
            )
            asked.refresh_from_db(fields=["asked_at"])
            audit.record(by, "schedule.ask", subject=asked.reference, detail=_told(asked))
    except IntegrityError as error:
        raise Refused((_WAITS,)) from error
    return asked


def complete(asked: RuleAdoption, *, by: Actor, shown: str = "") -> None:
    """Complete what another asked for: the schedule says so from its day on, and the next run follows it.

    `shown` is the digest of what it moves (`effects.digest`) as whoever completes it has seen it.
    """
    may(asked.controller, by).require()
    with transaction.atomic():
        held = _waiting(asked)
        unless(held.asked_by != by.name, "You asked for this: someone else has to complete it.").require()
        run = effects.run_of(held)
        unless(run is not None or not effects.is_wanted(), _NOT_SHOWN).require()
        unless(shown == effects.digest(run), _MOVED_SINCE).require()
        _can_be(Proposal(held.controller, held.rule, held.start, held.authority, held.length, held.ends)).require()
        RuleAdoption.objects.filter(pk=held.pk).update(completed_by=by.name, completed_at=timezone.now())
        ledger_lines.of_adoption(held)
        audit.record(by, "schedule.adopt", subject=held.reference, detail=_told(held) | {"moves": shown})


def refuse(asked: RuleAdoption, *, by: Actor, why: str) -> None:
    """Refuse what was asked for, or take back what one asked for oneself."""
    may(asked.controller, by).require()
    reasons.is_given(why, rules.NOT_ADOPTING).require()
    with transaction.atomic():
        held = _waiting(asked)
        RuleAdoption.objects.filter(pk=held.pk).update(refused_by=by.name, refused_at=timezone.now(), refused_why=why)
        audit.record(by, "schedule.refuse", subject=held.reference, detail=_told(held))


def may(controller: Controller, by: Actor) -> Verdict:
    """Say whether somebody may ask for and complete adoptions of a controller."""
    if not isinstance(by.user, User):
        return refused("Only a person who is signed in adopts a rule.")
    return access.may(by.user, ADOPT, on=timezone.localdate(), controller=controller)


def _waiting(asked: RuleAdoption) -> RuleAdoption:
    """Return an adoption as it is now, locked until this ends. Raise Refused when it does not wait any more."""
    held = RuleAdoption.objects.select_for_update(of=("self",)).select_related("controller").get(pk=asked.pk)
    unless(held.waits, "This has been completed or refused already.").require()
    return held


def _can_be(proposal: Proposal) -> Verdict:
    """Say whether the schedule allows an adoption as it stands now."""
    policy = policy_now.policy()
    entry = policy.classes.get(proposal.rule)
    if entry is None:
        return refused(f"The schedule has no class or rule {proposal.rule}.")
    on = policy.on(proposal.start, proposal.controller.code)
    terms = policy.on(proposal.start).terms[proposal.rule]
    verdict = unless(
        proposal.start >= timezone.localdate(),
        "Choose a day from today on: what was in force until now stays as it was.",
    )
    if proposal.ends:
        return verdict & unless(proposal.rule in on.adopted, f"{entry.title} is not adopted on that day.")
    verdict &= unless(
        proposal.length is None or terms.length is not None,
        f"{entry.title} has no period that could be another: leave the period empty.",
    )
    verdict &= unless(
        proposal.length is None or bool(proposal.length.months or proposal.length.days), "Enter a period above zero."
    )
    verdict &= _within_the_law(proposal, terms)
    return verdict & unless(
        not (proposal.rule in GROUP_3_RULES and _other_of_group_3(policy, proposal)),
        "The other rule of group 3 is adopted on that day or later, and group 3 has one policy: end that first.",
    )


def _other_of_group_3(policy: Policy, proposal: Proposal) -> bool:
    """Whether the controller has adopted the other rule of group 3 for any day from that of a proposal on."""
    overlay = policy.overlays.get(proposal.controller.code)
    others = [each for each in overlay.adoptions if each.rule in GROUP_3_RULES] if overlay else []
    return any(
        each.rule != proposal.rule and (each.until is None or each.until > max(each.start, proposal.start))
        for each in others
    )


def _within_the_law(proposal: Proposal, terms: Terms) -> Verdict:
    """Say whether a period keeps to what a statute sets: longer than a ceiling or shorter than a floor is no choice."""
    if proposal.length is None or terms.length is None:
        return ALLOWED
    own, set_by_law = (length.after(proposal.start) for length in (proposal.length, terms.length))
    return unless(
        terms.kind != "must_destroy_by" or own <= set_by_law,
        f"{terms.authority} sets the latest day: the period cannot be longer than {words.period(terms.length)}.",
    ) & unless(
        terms.kind != "minimum_until_event" or own >= set_by_law,
        f"{terms.authority} sets a minimum: the period cannot be shorter than {words.period(terms.length)}.",
    )


def _told(asked: RuleAdoption) -> dict[str, object]:
    return {
        "controller": asked.controller.code,
        "rule": asked.rule,
        "ends": asked.ends,
        "from": asked.start.isoformat(),
        "months": asked.months,
        "days": asked.days,
    }
