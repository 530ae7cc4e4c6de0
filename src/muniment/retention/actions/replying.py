"""Draft the reply to a request, look at what another drafted, and record that it, or a letter before it, was sent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from muniment.core import access, audit, content
from muniment.core.actors import Actor
from muniment.core.verdicts import ALLOWED, Verdict, refused, unless
from muniment.retention.actions import requests as requesting
from muniment.retention.actions import restricting
from muniment.retention.models import PersonRequest, RequestReply
from muniment.retention.policies import request_policy
from muniment.retention.requests import answers, deadlines, letters, replies
from muniment.retention.reviews import drafts

_ANOTHER = "You drafted this: somebody else has to look at it."


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
        verdict &= letters.is_still_so(held)
        verdict.require()
        held.seen_by, held.seen_at = by.name, timezone.now()
        held.save(update_fields=["seen_by", "seen_at"])
        audit.record(by, "request.look", subject=held.request.reference, controller=held.request.controller.code)
    return held


def send(reply: RequestReply, *, by: Actor, sent_on: date) -> RequestReply:
    """Record that a letter was sent. A reply that leaves nothing to be deleted ends its request.

    One that refuses it does too. One that asks who they are, or for a fee, stops the time from having begun where the
    law says so, one that more time is needed extends it. Raise Refused
    where policy asks for a second person and none has looked, where it says what is no longer so, and for an extension
    that was told after the time had ended.
    """
    with transaction.atomic():
        held = _locked(reply)
        request = requesting.locked(held.request, "request.reply", by)
        verdict = can_be_sent(held, sent_on)
        drafted = timezone.localtime(held.drafted_at).date()
        verdict &= unless(
            drafted <= sent_on <= timezone.localdate(), "The day on which it was sent lies between its draft and today."
        )
        verdict.require()
        held.sent_by, held.sent_on = by.name, sent_on
        held.save(update_fields=["sent_by", "sent_on"])
        audit.record(
            by,
            "request.send",
            subject=request.reference,
            controller=request.controller.code,
            recipient=request.asker,
            detail={"about": held.about, "final": held.is_final},
        )
        _follow(request, held, by, sent_on)
    return held


def _follow(request: PersonRequest, letter: RequestReply, by: Actor, sent_on: date) -> None:
    """Do what a letter that was sent says: restrict, end that, move the time, refuse or close the request."""
    if letter.about == RequestReply.About.REFUSAL:
        request.refused_because = (replies.body_of(letter) or {})["reason"]
        requesting.over(request, sent_on, by, "request.refuse")
    elif letter.about == RequestReply.About.LIFTING:
        restricting.end(request, by=by, told_on=sent_on)
    elif letter.about != RequestReply.About.REPLY:
        _move_time(request, letter, sent_on)
    else:
        restricting.begin(request, by=by, on=sent_on)
        if letter.is_final:
            requesting.over(request, sent_on, by, "request.close")


def _move_time(request: PersonRequest, letter: RequestReply, sent_on: date) -> None:
    """Move the time of a request by a letter that was sent; asking a second time who they are moves nothing."""
    body = replies.body_of(letter) or {}
    if letter.about == RequestReply.About.IDENTITY:
        request.identity_asked_on = request.identity_asked_on or sent_on
    elif letter.about == RequestReply.About.FEE:
        request.fee_asked_on, request.fee = sent_on, Decimal(body["amount"])
    else:
        request.extended_on, request.extension_reason = sent_on, body["reason"]
    request.due_on = deadlines.of(request, request_policy.on(timezone.localdate())).due
    moved = ["identity_asked_on", "fee_asked_on", "fee", "extended_on", "extension_reason", "due_on"]
    request.save(update_fields=moved)


def can_be_sent(reply: RequestReply, sent_on: date) -> Verdict:
    """Say whether a draft may go on a day: it says what is so, and another has looked at it where policy asks that."""
    needs = letters.needs_second_person(reply, request_policy.on(timezone.localdate()))
    seen = ALLOWED if reply.seen_by or not needs else refused("Somebody else has to look at it first.")
    return unless(reply.sent_on is None, "This was sent already.") & seen & letters.is_still_so(reply, sent_on)


def _locked(reply: RequestReply) -> RequestReply:
    found = RequestReply.objects.select_for_update(of=("self",)).select_related(
        "request__controller", "request__review"
    )
    return found.get(pk=reply.pk, sent_on=None)
