"""Draw a sample of decisions that the schedule made by itself, check it, look again at what is wrong, and close it."""

import secrets
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from muniment.core import access, audit, content, reasons
from muniment.core.actors import Actor
from muniment.core.models import BatchRun, Controller
from muniment.core.verdicts import Verdict, refused, unless
from muniment.engine.matching import estimates
from muniment.engine.retention.checked import Decided
from muniment.engine.retention.decision import OUTCOMES
from muniment.retention.checks import sampled
from muniment.retention.checks.sampled import Wanted
from muniment.retention.models import DecisionSample, SampledDecision
from muniment.retention.policies import check_policy, policy_now

DRAW, WORK = "check.draw", "check.work"
WHY_WRONG = "Say why it is wrong"
WHY_NOT = "Say why you do not find it wrong"
_SAMPLE_LOCK = 7_130_050
_CLOSED = "This sample is closed: what was said of it stands."


@dataclass(frozen=True)
class Answer:
    """What a checker says of a decision. Of a wrong one: what it should have been, the cause, and why."""

    said: str
    should: str = ""
    should_due: date | None = None
    should_group: int | None = None
    cause: str = ""
    reason: str = ""


def may(action: str, controller: Controller, by: Actor) -> Verdict:
    """Say whether somebody may do something about checks of a controller; a person does it."""
    if by.user is None:
        return refused("Only a person who is signed in checks decisions.")
    return access.may(by.user, action, on=timezone.localdate(), controller=controller)


def draw(wanted: Wanted, size: int, *, by: Actor) -> DecisionSample:
    """Draw so many decisions, as many of each stratum, of those that the drawer may see. Seed and strata are kept."""
    may(DRAW, wanted.controller, by).require()
    said = check_policy.on(timezone.localdate())
    check = unless(said.least <= size <= said.most, f"Draw between {said.least} and {said.most:,} decisions.")
    check &= unless(
        bool(wanted.outcomes) and set(wanted.outcomes) <= set(said.outcomes), "Choose which decisions are checked."
    )
    check &= unless(
        wanted.about in DecisionSample.About.values and wanted.partition in sampled.partitions(by.user),
        "Choose what is checked, of what you may see.",
    )
    check.require()
    strata = sampled.frame(wanted)
    unless(bool(strata), "There is nothing of that to draw that you may see: run the schedule first.").require()
    numbers = estimates.spread(size, {each.code: each.population for each in strata})
    seed = secrets.randbelow(2**31)
    taken = sampled.take(wanted, seed, numbers)
    shuffled = [taken[at] for at in np.random.default_rng(seed).permutation(len(taken))]
    frame = [
        {"outcome": e.outcome, "group": e.group, "population": e.population, "drawn": numbers[e.code]} for e in strata
    ]
    with transaction.atomic():
        sample = DecisionSample.objects.create(
            controller=wanted.controller,
            about=wanted.about,
            partition=wanted.partition,
            size=len(taken),
            outcomes=list(wanted.outcomes),
            by_group=wanted.by_group,
            seed=seed,
            policy_version=policy_now.policy().version,
            run=BatchRun.objects.filter(kind="schedule", state="done").order_by("-pk").first(),
            frame=frame,
            drawn_by=by.name,
        )
        subject = "prime_id" if wanted.about == DecisionSample.About.PERSON else "record_id"
        SampledDecision.objects.bulk_create(
            SampledDecision(
                sample=sample,
                place=place,
                outcome=each.outcome,
                group=each.group,
                due=each.due,
                rule=each.rule,
                **{subject: each.subject},
            )
            for place, each in enumerate(shuffled, 1)
        )
        detail = {"about": wanted.about, "size": len(taken), "seed": seed, "partition": wanted.partition}
        audit.record(by, "check.draw", subject=f"sample {sample.pk}", controller=wanted.controller.code, detail=detail)
    return sample


def answer(item: SampledDecision, given: Answer, *, by: Actor) -> None:
    """Record what a checker says of a decision; until somebody has looked again they may say otherwise."""
    may(WORK, item.sample.controller, by).require()
    _is_an_answer(given).require()
    with transaction.atomic():
        held = _held(item)
        unless(held.by in {"", by.name}, f"{held.by} has checked this one.").require()
        unless(held.second_at is None, "Somebody has looked at this a second time: what was said stands.").require()
        wrong = given.said == SampledDecision.Said.WRONG
        held.said, held.by, held.at = given.said, by.name, timezone.now()
        held.should = given.should if wrong else ""
        held.should_due = given.should_due if wrong else None
        held.should_group = given.should_group if wrong else None
        held.cause = given.cause if wrong else ""
        held.direction = sampled.direction(held, Decided(given.should, given.should_due)) if wrong else ""
        held.reason = content.store(f"check:{held.pk}", "reason", given.reason) if given.reason else None
        held.save()
        audit.record(
            by,
            "check.answer",
            subject=_named(held),
            controller=held.sample.controller.code,
            detail={"said": held.said, "direction": held.direction, "cause": held.cause},
        )


def _is_an_answer(given: Answer) -> Verdict:
    check = unless(given.said in SampledDecision.Said.values, "Say whether it is right.")
    if given.said != SampledDecision.Said.WRONG:
        return check
    causes = check_policy.on(timezone.localdate()).causes
    return (
        check
        & unless(given.should in OUTCOMES, "Say what should have been decided.")
        & unless(given.cause in causes, "Say what the cause is.")
        & reasons.is_given(given.reason, WHY_WRONG)
    )


def look_again(item: SampledDecision, *, agrees: bool, note: str, by: Actor) -> None:
    """Record the second look of another person at what was said to be wrong; on what two disagree nobody can say."""
    may(WORK, item.sample.controller, by).require()
    if not agrees:
        reasons.is_given(note, WHY_NOT).require()
    with transaction.atomic():
        held = _held(item)
        unless(held.said == SampledDecision.Said.WRONG, "Nobody has said that this one is wrong.").require()
        unless(held.by != by.name, "You said that it is wrong: someone else looks again.").require()
        unless(held.second_at is None, "Somebody has looked at this a second time already.").require()
        held.agreed, held.second_by, held.second_at = agrees, by.name, timezone.now()
        held.note = content.store(f"check:{held.pk}", "note", note) if note.strip() else None
        held.save()
        audit.record(
            by,
            "check.second",
            subject=_named(held),
            controller=held.sample.controller.code,
            detail={"agrees": agrees, "direction": held.direction},
        )


def close(sample: DecisionSample, *, by: Actor) -> None:
    """Close a sample of which all is checked that whoever closes it may see: its figures stand from then on."""
    may(DRAW, sample.controller, by).require()
    with transaction.atomic():
        held = _sample(sample.pk)
        told = sampled.results(held)
        check = unless(not told.waiting, f"{told.waiting:,} of it nobody has checked yet.")
        check &= unless(not told.second, f"{told.second:,} of it wait for a second look.")
        check &= unless(bool(told.checked), "Nothing of it was checked.")
        check.require()
        held.figures = {"strata": [asdict(each) for each in told.tallies], "causes": dict(told.causes)}
        held.closed_by, held.closed_at = by.name, timezone.now()
        held.save(update_fields=["figures", "closed_by", "closed_at"])
        harmful = told.harmful()
        detail = {"checked": told.checked, "harmful_high": round(harmful.high, 4) if harmful else None}
        audit.record(by, "check.close", subject=f"sample {held.pk}", controller=held.controller.code, detail=detail)


def _sample(key: int) -> DecisionSample:
    """Return a sample that is open, whose turn this is until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SAMPLE_LOCK, key])
    held = DecisionSample.objects.select_related("controller").get(pk=key)
    unless(not held.is_closed, _CLOSED).require()
    return held


def _held(item: SampledDecision) -> SampledDecision:
    """Return a decision of an open sample as it is now, whose turn this is until the transaction ends."""
    _sample(item.sample_id)
    return SampledDecision.objects.select_related("sample__controller").get(pk=item.pk)


def _named(item: SampledDecision) -> str:
    return f"sample {item.sample_id} decision {item.place}"
