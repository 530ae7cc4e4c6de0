"""What moves the time of a request: a letter besides the reply, what establishes who asked, and changed policy."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from muniment.core import audit, content, reasons, words
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, unless
from muniment.people import carried
from muniment.people.models import PrimePerson
from muniment.retention.actions import requests as requesting
from muniment.retention.models import PersonRequest, RequestReply
from muniment.retention.policies import request_policy
from muniment.retention.policies.request_policy import RequestPolicy
from muniment.retention.requests import answers, attached, deadlines, letters, refusals, replies
from muniment.retention.requests.letters import About, Written
from muniment.retention.reviews import drafts

ASKED = {
    About.IDENTITY: "Name what they are to send",
    About.EXTENSION: "Say why it takes longer, for whoever reads it",
    About.LIFTING: "Say why the restriction ends, for whoever reads it",
    About.REFUSAL: "Give the reasons that the letter states",
    About.FEE: "Say what the fee is for and how it can be paid",
}


def write(request: PersonRequest, written: Written, *, by: Actor) -> RequestReply:
    """Draft a letter that is no reply; a draft that was there is replaced. Nothing is sent.

    Raise Refused where the letter cannot go today, without a reason that the law knows, for words that no letter may
    say, since who asked may not even be established, and for a refusal or a fee of which not everything is shown.
    """
    on = timezone.localdate()
    said = request_policy.on(on)
    with transaction.atomic():
        held = requesting.locked(request, "request.reply", by)
        letters.can_be_written(held, written.about, on).require()
        verdict = reasons.is_given(written.words, ASKED[About(written.about)])
        verdict &= unless(
            written.about != About.EXTENSION or written.reason in said.extension_reasons,
            "Choose the reason for which the time is extended.",
        )
        verdict &= _is_shown(held, written, said)
        verdict &= _can_be_said(held, written.words, said)
        verdict.require()
        body = letters.compose(held, written, on)
        held.replies.filter(sent_on=None).delete()
        scope = drafts.scope_for(held.controller)
        kept = content.store(f"request:{held.pk}", "reply", replies.as_text(body), scope_id=scope)
        made = RequestReply.objects.create(
            request=held,
            about=written.about,
            body=kept,
            digest=replies.digest(body),
            is_final=False,
            drafted_by=by.name,
        )
        detail = {"about": written.about, **({"reason": written.reason} if written.reason else {})}
        audit.record(by, "request.draft", subject=held.reference, controller=held.controller.code, detail=detail)
    return made


def _is_shown(request: PersonRequest, written: Written, said: RequestPolicy) -> Verdict:
    if not letters.is_refusing(written.about):
        return ALLOWED
    found = refusals.possible(request, said).get(written.reason)
    verdict = refusals.is_shown(found, written.shown)
    if written.about == About.FEE:
        is_charged = found is not None and found.is_charged
        verdict &= unless(is_charged, "No fee can be asked for this reason.")
        verdict &= refusals.is_reasonable(written.amount, refusals.fee_of(request, said))
    return verdict & unless(written.about == About.FEE or written.amount is None, "A refusal asks for no fee.")


def _can_be_said(request: PersonRequest, text: str, said: RequestPolicy) -> Verdict:
    people = carried.now([request.prime_id], request.recorded_at)
    verdict = ALLOWED
    for prime in PrimePerson.objects.filter(pk__in=people).order_by("pk"):
        verdict &= answers.can_be_said(text, prime, said)
    return verdict


def establish(request: PersonRequest, *, by: Actor, received_on: date) -> PersonRequest:
    """Record the day on which what establishes who asked arrived: the time begins on it."""
    on = timezone.localdate()
    with transaction.atomic():
        held = requesting.locked(request, "request.record", by)
        _waits(held).require()
        asked = held.identity_asked_on
        assert asked is not None
        unless(
            asked <= received_on <= on, f"The day on which it arrived lies between {words.day(asked)} and today."
        ).require()
        held.identity_received_on = received_on
        held.due_on = deadlines.of(held, request_policy.on(on)).due
        held.save(update_fields=["identity_received_on", "due_on"])
        held.replies.filter(sent_on=None, about=About.IDENTITY).delete()
        audit.record(by, "request.establish", subject=held.reference, controller=held.controller.code)
    return held


def lapse(request: PersonRequest, *, by: Actor) -> PersonRequest:
    """Close a request whose asker did not send what establishes who they are, within the days that policy waits."""
    on = timezone.localdate()
    with transaction.atomic():
        held = requesting.locked(request, "request.record", by)
        verdict = _waits(held)
        if verdict:
            last = waits_until(held, request_policy.on(on))
            verdict &= unless(on > last, f"It is waited for until {words.day(last)}: it can be closed after that.")
        verdict.require()
        held.replies.filter(sent_on=None).delete()
        return requesting.over(held, on, by, "request.lapse")


def _waits(held: PersonRequest) -> Verdict:
    verdict = unless(held.closed_on is None, "This request is over.")
    return verdict & unless(held.waits_for_identity, "Nothing is waited for: it was not asked, or has arrived.")


def waits_until(request: PersonRequest, said: RequestPolicy) -> date:
    """Return the last day on which what establishes who asked is waited for."""
    assert request.identity_asked_on is not None
    return request.identity_asked_on + timedelta(days=said.waiting.lapses_after_days)


def pay(request: PersonRequest, *, by: Actor, paid_on: date) -> PersonRequest:
    """Record the day on which the fee of a request was paid: where the law says so, the time begins on it."""
    on = timezone.localdate()
    with transaction.atomic():
        held = requesting.locked(request, "request.record", by)
        asked = _owed_since(held)
        unless(
            asked <= paid_on <= on, f"The day on which it was paid lies between {words.day(asked)} and today."
        ).require()
        held.fee_paid_on, held.fee_settled_by = paid_on, by.name
        held.due_on = deadlines.of(held, request_policy.on(on)).due
        held.save(update_fields=["fee_paid_on", "fee_settled_by", "due_on"])
        detail = {"paid_on": paid_on.isoformat()}
        audit.record(by, "request.pay", subject=held.reference, controller=held.controller.code, detail=detail)
    return held


def close_unpaid(request: PersonRequest, *, by: Actor) -> PersonRequest:
    """Close a request whose fee was not paid within the days that policy waits."""
    on = timezone.localdate()
    with transaction.atomic():
        held = requesting.locked(request, "request.record", by)
        _owed_since(held)
        last = fee_waits_until(held, request_policy.on(on))
        unless(on > last, f"It is waited for until {words.day(last)}: it can be closed after that.").require()
        held.replies.filter(sent_on=None).delete()
        held.fee_settled_by = by.name
        held.save(update_fields=["fee_settled_by"])
        return requesting.over(held, on, by, "request.unpaid")


def _owed_since(held: PersonRequest) -> date:
    verdict = unless(held.closed_on is None, "This request is over.")
    verdict &= unless(held.waits_for_fee, "No fee is waited for: none was asked for, or it has been paid.")
    verdict &= unless(not attached.sent_replies().filter(request=held).exists(), "It has been answered already.")
    verdict.require()
    assert held.fee_asked_on is not None
    return held.fee_asked_on


def fee_waits_until(request: PersonRequest, said: RequestPolicy) -> date:
    """Return the last day on which a fee is waited for."""
    assert request.fee_asked_on is not None
    return request.fee_asked_on + timedelta(days=said.waiting.lapses_after_days)


def recount(*, by: Actor) -> dict[str, int]:
    """Work out again by when open requests are due, after bank holidays or policy changed; the worker's step."""
    said, moved = request_policy.on(timezone.localdate()), 0
    for each in attached.unanswered().select_related("controller").order_by("pk"):
        due = deadlines.of(each, said).due
        if due == each.due_on:
            continue
        before = each.due_on
        with transaction.atomic():
            moved += PersonRequest.objects.filter(pk=each.pk, due_on=before).update(due_on=due)
            detail = {"from": str(before or ""), "to": str(due or "")}
            audit.record(by, "request.recount", subject=each.reference, controller=each.controller.code, detail=detail)
    return {"requests_recounted": moved}
