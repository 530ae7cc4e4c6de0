"""Requests for deletion and erasure: recording one, the list with its deadlines, and a request with its replies."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import access, audit, references, words
from muniment.core.actors import Actor
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.people import carried
from muniment.people.views.person import opened
from muniment.retention.actions import replying
from muniment.retention.actions import requests as requesting
from muniment.retention.forms.requests import ReplyForm, RequestForm, SentForm
from muniment.retention.models import PersonRequest, RequestReply, Review
from muniment.retention.policies import elsewhere, request_policy
from muniment.retention.requests import answers, attached, letters, replies, reply_print, restrictions
from muniment.retention.views import open_to, request_clock, request_refusals

_REFUSED = "request.refused"
_ON_A_PAGE = 50
_WHICH = (
    ("", "To answer", attached.unanswered),
    ("late", "Late", attached.late),
    ("identity", "Waits for identity", attached.waiting_for_identity),
    ("fee", "Waits for a fee", attached.waiting_for_fee),
    ("look", "Letter to look at", attached.to_look_at),
    ("restricted", "Restriction to look at", restrictions.to_look_at),
    ("confirm", "Deletion to confirm", attached.to_confirm),
    ("all", "All", PersonRequest.objects.all),
)


@opens("request.record")
def record_request(request: HttpRequest, reference: str) -> HttpResponse:
    """Record a request about a person."""
    prime, shown = opened(request, reference, "record_request")
    assert isinstance(request.user, User)
    by, on = visitor(request), timezone.localdate()
    mine = controllers_of(request.user, "request.record")
    said, national = request_policy.on(on), elsewhere.on(on)
    begin = {"databases": said.databases, "controller": mine[0].pk if mine else None}
    form = RequestForm(mine, said, national, request.POST or None, initial=begin)
    if form.is_valid():
        try:
            made = requesting.record(prime, form.cleaned_data["controller"], form.as_asked(), by=by)
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            audit.record_apart(by, _REFUSED, "refused", subject=prime.reference)
        else:
            return redirect("request", made.reference)
    shown |= {
        "form": form,
        "one": len(mine) == 1,
        "kinds": said.kinds.values(),
        "today": words.typed(on),
        "page_title": f"Record a request – {prime.reference}",
    }
    return TemplateResponse(request, "retention/record_request.html", shown, status=422 if form.errors else 200)


@opens("request.view")
def requests(request: HttpRequest) -> HttpResponse:
    """List requests, the first due first."""
    on, which = timezone.localdate(), request.GET.get("which", "")
    found = next((query for code, _, query in _WHICH if code == which), None)
    if found is None:
        raise Http404
    audit.record(visitor(request), "request.list")
    order = ("-received_on", "-pk") if which == "all" else ("due_on", "pk")
    every = (
        _seen(request, found())
        .select_related("prime", "controller", "review")
        .prefetch_related("replies")
        .order_by(*order)
    )
    page = Paginator(every, _ON_A_PAGE).get_page(request.GET.get("page"))
    said = request_policy.on(on)
    shown = {
        "page": page,
        "lines": [_line(each, said) for each in page.object_list],
        "tabs": [
            (code, label, None if code == "all" else _seen(request, query()).count()) for code, label, query in _WHICH
        ],
        "which": which,
        "today": on,
        "page_title": "Requests",
    }
    return TemplateResponse(request, "retention/requests.html", shown)


def _line(each: PersonRequest, said: request_policy.RequestPolicy) -> tuple[PersonRequest, str, str, bool]:
    letters = sorted(each.replies.all(), key=lambda one: -one.pk)
    late = attached.is_late(each, letters)
    return each, said.kinds[each.kind].title, attached.standing(each, letters), late


def _seen(request: HttpRequest, found: QuerySet[PersonRequest]) -> QuerySet[PersonRequest]:
    """Return those of some requests whose controllers' requests the reader may look at."""
    assert isinstance(request.user, User)
    return found.filter(controller__in=controllers_of(request.user, "request.view"))


def found_request(request: HttpRequest, reference: str) -> PersonRequest:
    try:
        key = references.number("request", reference)
    except ValueError as error:
        raise Http404 from error
    with_all = PersonRequest.objects.select_related("prime", "controller", "review", "event")
    found = _seen(request, with_all).filter(pk=key).first()
    if found is None:
        raise Http404
    open_to.pass_by(request, found.reference, of=[found.prime_id])
    return found


@opens("request.view")
def request_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a request: what it asks, where it stands, its draft and what was sent."""
    found = found_request(request, reference)
    audit.record(visitor(request), "request.view", subject=found.reference, controller=found.controller.code)
    return page(request, found)


def page(
    request: HttpRequest,
    found: PersonRequest,
    form: ReplyForm | None = None,
    other: Mapping[str, forms.Form] | None = None,
) -> HttpResponse:
    """Show a request, with a form as it was sent where it had errors; `other` are such forms of its time, by name."""
    assert isinstance(request.user, User)
    on = timezone.localdate()
    said = request_policy.on(on)
    kind = said.kinds[found.kind]
    every = list(found.replies.order_by("-pk"))
    draft = next((each for each in every if each.sent_on is None), None)
    decided = found.review is not None and found.review.state == Review.State.DECIDED
    answer = answers.kept(found) if decided else None
    replied = [each for each in every if each.sent_on and each.about == RequestReply.About.REPLY]
    last = (draft and draft.about == RequestReply.About.REPLY and replies.body_of(draft)) or {}
    can = {
        name: bool(access.may(request.user, f"request.{name}", on=on, controller=found.controller))
        for name in ("record", "reply", "check")
    }
    titles = {each.code: each.title for each in elsewhere.on(on).national}
    granted = [code for code, there in (answer.databases.items() if answer else ()) if there.deletes]
    shown = {
        "request_": found,
        "kind": kind,
        "regime": kind.regimes[found.regime],
        "grounds": [said.grounds.get(code, code) for code in found.grounds],
        "databases": [titles.get(code, code) for code in found.databases],
        "standing": attached.standing(found, every),
        "late": attached.is_late(found, every),
        "replied": replied,
        **request_clock.shown(found, said, other or {}),
        **request_refusals.shown(found, said, other or {}),
        "decided": decided,
        "may_review": bool(access.may(request.user, "review.work", on=on, controller=found.controller)),
        "open_review": _open_review(found),
        "draft": draft,
        "draft_body": _shown(draft),
        "draft_is_reply": draft is not None and draft.about == RequestReply.About.REPLY,
        "needs_second": draft is not None and letters.needs_second_person(draft, said),
        "stands": letters.is_still_so(draft).reasons if draft else (),
        "can_draft": replies.can_be_drafted(found),
        "sent": [(each, _shown(each)) for each in every if each.sent_on],
        "can": can,
        "mine": draft is not None and draft.drafted_by == request.user.username,
        "form": form or ReplyForm(initial={"words": last.get("words") or (answer.words if answer else "")}),
        "sending": SentForm(initial={"sent_on": on}),
        "to_confirm": [(code, titles.get(code, code)) for code in granted if code not in found.done_there],
        "page_title": f"Request {found.reference}",
    }
    wrong = [each for each in (form, *(other or {}).values()) if each and each.errors]
    shown["wrong"] = wrong[0] if wrong else None
    return TemplateResponse(request, "retention/request.html", shown, status=422 if wrong else 200)


def _open_review(found: PersonRequest) -> Review | None:
    """Return the review that is to answer a request, of the person as they are made up now."""
    people = carried.now([found.prime_id], found.recorded_at)
    waiting = Review.objects.filter(prime__in=people, controller=found.controller_id)
    return waiting.exclude(state__in=[Review.State.DECIDED, Review.State.CLOSED]).order_by("pk").first()


def _shown(reply: RequestReply | None) -> dict[str, object] | None:
    """Return a reply as the page shows it."""
    body = replies.body_of(reply) if reply else None
    if reply is None or body is None:
        return None
    if reply.about != RequestReply.About.REPLY:
        told = {"sentences": body["sentences"], "words": body["words"], "rights": body["rights"]}
        return {**told, "shown": [(label, text) for _, label, text in body.get("shown", ())]}
    return {
        "opening": replies.opening(body),
        "heads": replies.heads(body),
        "rows": replies.rows(body),
        "words": body["words"],
        "sentence": body["sentence"],
        "rights": body["rights"],
        "later": "" if body["is_final"] else reply_print.LATER,
        "nothing": "" if body["lines"] else reply_print.NOTHING,
    }


@require_POST
@opens("request.reply")
def draft_reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Draft the reply, or draft it again."""
    found, by = found_request(request, reference), visitor(request)
    form = ReplyForm(request.POST)
    if done(form, "words", lambda given: replying.draft(found, given["words"], by=by), by=by, of=found):
        return redirect("request", found.reference)
    return page(request, found, form)


def done(
    form: forms.Form, field: str, act: Callable[[Mapping[str, Any]], object], *, by: Actor, of: PersonRequest
) -> bool:
    """Do what a form of the page of a request asks for; if that is refused, put why beside a field and record it."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(field, reason.rstrip("."))
        else:
            return True
    audit.record_apart(by, _REFUSED, "refused", subject=of.reference)
    return False


def _draft(found: PersonRequest) -> RequestReply:
    draft = found.replies.filter(sent_on=None).first()
    if draft is None:
        raise Http404
    return draft


@require_POST
@opens("request.check")
def look_at_reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that the reader has looked at what another drafted, and that it may go."""
    found = found_request(request, reference)
    look = partial(replying.look, _draft(found), by=visitor(request))
    carry_out(request, look, "Recorded: the reply may go.", refusal=_REFUSED, of=found.reference)
    return redirect("request", found.reference)


@require_POST
@opens("request.reply")
def send_reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that the reply was sent."""
    found, by, form = found_request(request, reference), visitor(request), SentForm(request.POST)
    draft = _draft(found)

    def send() -> None:
        if not form.is_valid():
            raise Refused((f"{form.errors['sent_on'][0]}.",))
        replying.send(draft, by=by, sent_on=form.cleaned_data["sent_on"])

    carry_out(request, send, "Recorded as sent.", refusal=_REFUSED, of=found.reference)
    return redirect("request", found.reference)


@require_POST
@opens("request.reply")
def done_there(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that a national database has deleted what the request was granted of it."""
    found = found_request(request, reference)
    confirm = partial(requesting.confirm_there, found, request.POST.get("place", ""), by=visitor(request))
    carry_out(request, confirm, "Recorded. Draft the reply again to say so.", refusal=_REFUSED, of=found.reference)
    return redirect("request", found.reference)


@require_POST
@opens("request.record")
def withdraw_request(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that whoever asked withdrew the request."""
    found = found_request(request, reference)
    withdraw = partial(requesting.withdraw, found, by=visitor(request))
    carry_out(request, withdraw, "Recorded: the request is over.", refusal=_REFUSED, of=found.reference)
    return redirect("request", found.reference)


@opens("request.view")
def reply_file(request: HttpRequest, reference: str, key: int, form: str) -> HttpResponse:
    """Give a reply as a PDF, or as a file for a machine."""
    found = found_request(request, reference)
    reply = found.replies.filter(pk=key).first()
    body = replies.body_of(reply) if reply else None
    if reply is None or body is None or (form == "json" and reply.about != RequestReply.About.REPLY):
        raise Http404  # the file for a machine tells what is decided: a letter before the reply decides nothing
    audit.record(
        visitor(request),
        "request.reply_file",
        subject=found.reference,
        controller=found.controller.code,
        detail={"form": form, "sent": reply.sent_on is not None},
    )
    if form == "pdf":
        waits = letters.needs_second_person(reply, request_policy.on(timezone.localdate())) and not reply.seen_by
        made = reply_print.as_pdf(body, is_draft=waits and not reply.sent_on)
        response = HttpResponse(made, content_type="application/pdf")
    else:
        response = HttpResponse(replies.as_file(body), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.reference}.{form}"'
    return response
