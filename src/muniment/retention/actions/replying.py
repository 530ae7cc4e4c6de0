"""Draft the reply to a request, look at what another drafted, and record that it was sent."""

from dataclasses import replace
from datetime import date

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, refused, unless
from muniment.retention.actions import requests as requesting
from muniment.retention.models import PersonRequest, RequestReply
from muniment.retention.policies import request_policy
from muniment.retention.requests import answers, replies
from muniment.retention.reviews import drafts

_ANOTHER = "You drafted this reply: somebody else has to look at it."


def draft(request: PersonRequest, words: str, *, by: Actor) -> RequestReply:
    """Draft the reply as things stand, in these words; a draft that was there is replaced. Nothing is sent.

    Raise Refused while it is not settled what goes, after the request is over, and for words that no reply may say.
    """
    on = timezone.localdate()
    with transaction.atomic():
        held = requesting.locked(request, "request.reply", by)
        replies.can_be_drafted(held).require()
        answer = answers.kept(held)
        verdict = unless(answer is not None, "What was decided can be opened no more: have the review decided again.")
        verdict &= unless(bool(words.strip()), "Give the reasons that the reply states.")
        assert held.review is not None
        verdict &= answers.can_be_said(words, held.review.prime, request_policy.on(on))
        verdict.require()
        assert answer is not None
        body = replies.compose(held, replace(answer, words=words), on)
        held.replies.filter(sent_on=None).delete()
        kept = content.store(
            f"request:{held.pk}", "reply", replies.as_text(body), scope_id=drafts.scope_of(held.review)
        )
        made = RequestReply.objects.create(
            request=held, body=kept, digest=replies.digest(body), is_final=body["is_final"], drafted_by=by.name
        )
        audit.record(by, "request.draft", subject=held.reference, controller=held.controller.code)
    return made


def look(reply: RequestReply, *, by: Actor) -> RequestReply:
    """Record that somebody else has looked at a draft, and that it may go."""
    with transaction.atomic():
        held = _locked(reply)
        if by.user:
            on, controller = timezone.localdate(), held.request.controller
            access.may(by.user, "request.check", on=on, controller=controller).require()
        verdict = unless(held.drafted_by != by.name, _ANOTHER)
        verdict &= unless(not held.seen_by, "Somebody has looked at it already.")
        verdict &= replies.is_still_so(held)
        verdict.require()
        held.seen_by, held.seen_at = by.name, timezone.now()
        held.save(update_fields=["seen_by", "seen_at"])
        audit.record(by, "request.look", subject=held.request.reference, controller=held.request.controller.code)
    return held


def send(reply: RequestReply, *, by: Actor, sent_on: date) -> RequestReply:
    """Record that a reply was sent. One that leaves nothing to be deleted ends its request.

    Raise Refused where policy asks for a second person and none has looked, and where it says what is no longer so.
    """
    with transaction.atomic():
        held = _locked(reply)
        request = requesting.locked(held.request, "request.reply", by)
        verdict = can_be_sent(held)
        drafted = timezone.localtime(held.drafted_at).date()
        verdict &= unless(
            drafted <= sent_on <= timezone.localdate(), "The day on which it was sent lies between its draft and today."
        )
        verdict.require()
        held.sent_by, held.sent_on = by.name, sent_on
        held.save(update_fields=["sent_by", "sent_on"])
        detail = {"final": held.is_final}
        audit.record(
            by,
            "request.send",
            subject=request.reference,
            controller=request.controller.code,
            recipient=request.asker,
            detail=detail,
        )
        if held.is_final:
            requesting.over(request, sent_on, by, "request.close")
    return held


def can_be_sent(reply: RequestReply) -> Verdict:
    """Say whether a draft may go: it says what is so, and another has looked at it where policy asks for that."""
    kind = request_policy.on(timezone.localdate()).kinds[reply.request.kind]
    seen = ALLOWED if reply.seen_by or not kind.second_person else refused("Somebody else has to look at it first.")
    return unless(reply.sent_on is None, "This reply was sent already.") & seen & replies.is_still_so(reply)


def _locked(reply: RequestReply) -> RequestReply:
    found = RequestReply.objects.select_for_update(of=("self",)).select_related(
        "request__controller", "request__review"
    )
    return found.get(pk=reply.pk, sent_on=None)
