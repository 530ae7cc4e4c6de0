"""What moves the time of a request: a letter before the reply, what establishes who asked, and changed policy."""

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
from muniment.retention.requests import answers, attached, deadlines, letters, replies
from muniment.retention.requests.letters import About, Written
from muniment.retention.reviews import drafts

ASKED = {
    About.IDENTITY: "Name what they are to send",
    About.EXTENSION: "Say why it takes longer, for whoever reads it",
    About.LIFTING: "Say why the restriction ends, for whoever reads it",
}


def write(request: PersonRequest, written: Written, *, by: Actor) -> RequestReply:
    """Draft a letter that goes before the reply; a draft that was there is replaced. Nothing is sent.

    Raise Refused where the letter cannot go today, without a reason that the law knows, and for words that no letter
    may say: who asked may not even be established.
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
        detail = {"about": written.about}
        audit.record(by, "request.draft", subject=held.reference, controller=held.controller.code, detail=detail)
    return made


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
