"""Batches of disposals: propose one, look at its sample, approve, sign off, call off, and see how far it has come."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import access, audit, references
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.people.queries import Identity, identities
from muniment.retention.actions import batching
from muniment.retention.disposals import batches
from muniment.retention.forms.batches import BatchForm, CallOffForm, SignForm
from muniment.retention.forms.disposals import ReturnForm
from muniment.retention.models import UNDER_WAY, BatchPerson, DisposalBatch
from muniment.retention.views import open_to
from muniment.retention.views.disposals import tabs

_REFUSED = "batch.refused"
PAGE = 50


@opens("disposal.view")
def disposal_batches(request: HttpRequest) -> HttpResponse:
    """List batches, newest first, with the form that proposes one to who may."""
    assert isinstance(request.user, User)
    mine = controllers_of(request.user, "disposal.propose")
    return _list(request, BatchForm(batches.by_rule(mine, timezone.localdate())) if mine else None)


@require_POST
@opens("disposal.propose")
def propose_batch(request: HttpRequest) -> HttpResponse:
    """Propose a batch of everybody who is due at one force or office by one rule."""
    assert isinstance(request.user, User)
    mine = controllers_of(request.user, "disposal.propose")
    form = BatchForm(batches.by_rule(mine, timezone.localdate()), request.POST)
    if form.is_valid():
        of = form.chosen
        try:
            made = batching.propose(of.controller, of.rule, by=visitor(request), reason=form.cleaned_data["reason"])
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            messages.success(request, f"{made.reference} is proposed. Someone else looks at its sample.")
            return redirect("disposal_batch", made.reference)
    return _list(request, form)


def _list(request: HttpRequest, form: BatchForm | None) -> HttpResponse:
    audit.record(visitor(request), "batch.list")
    found = DisposalBatch.objects.select_related("controller").order_by("-pk")
    shown = {
        "form": form,
        "limits": batches.limits(timezone.localdate()),
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "page_title": "Batches of disposals",
        **tabs(request),
    }
    return TemplateResponse(request, "retention/batches.html", shown, status=422 if form and form.errors else 200)


@opens("disposal.view")
def disposal_batch(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one batch: what it is held against, its sample, who did what, how far it has come, whom it left."""
    found = _found(reference)
    answer = _page(request, found)
    audit.record(visitor(request), "batch.open", subject=found.reference, controller=found.controller.code)
    return answer


def _found(reference: str) -> DisposalBatch:
    try:
        number = references.number("batch", reference)
        return DisposalBatch.objects.select_related("controller").get(pk=number)
    except (ValueError, DisposalBatch.DoesNotExist) as error:
        raise Http404 from error


def _page(request: HttpRequest, batch: DisposalBatch, **forms: Form) -> HttpResponse:
    """Show a batch; `forms` are those that were sent and are not right."""
    assert isinstance(request.user, User)
    by, may = visitor(request), partial(access.may, request.user, on=timezone.localdate(), controller=batch.controller)
    sample = list(batches.sample_of(batch))
    refused = batch.members.exclude(refused="").select_related("prime").order_by("pk")
    shown_now = Paginator(refused, PAGE).get_page(request.GET.get("page"))
    open_to.pass_by(request, batch.reference, of=[each.prime_id for each in [*sample, *shown_now]])
    who = identities(each.prime for each in [*sample, *shown_now])
    approves = bool(may("disposal.approve")) and by.name != batch.proposed_by
    shown = {
        "batch": batch,
        "sample": [(each, who.get(each.prime_id)) for each in sample],
        "answers": BatchPerson.Answer.choices,
        "looked_at": sum(bool(each.answer) for each in sample),
        "most_wrong": f"{batches.most_wrong(len(sample), batch.people):.1%}",
        "groups": batches.by_group(batch),
        "beyond": batches.to_sign_off(batch).reasons,
        "page": shown_now,
        "refused": [(each, _name(who.get(each.prime_id))) for each in shown_now],
        "may_answer": approves and batch.state == "proposed",
        "may_sign": approves and batch.state == "stopped" and by.name != batch.approved_by,
        "may_call_off": bool(may("disposal.approve")) | bool(may("disposal.propose")),
        "is_live": batch.state in UNDER_WAY,
        "is_own": by.name == batch.proposed_by,
        "signing": SignForm(),
        "returning": ReturnForm(auto_id="return-%s"),
        "calling_off": CallOffForm(),
        "page_title": f"Batch {batch.reference}",
        **forms,
    }
    status = 422 if any(form.errors for form in forms.values()) else 200
    return TemplateResponse(request, "retention/batch.html", shown, status=status)


def _name(known: Identity | None) -> str:
    return known.name if known else "Nobody that you may see"


@require_POST
@opens("disposal.approve")
def look_at_batch(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep what was said of the sample, and approve the batch when that is asked for."""
    batch, by = _found(reference), visitor(request)
    approves = "approve" in request.POST
    refused: list[str] = []
    for each in batches.sample_of(batch):
        said = request.POST.get(f"answer_{each.pk}", "")
        if said and (said, by.name) != (each.answer, each.answered_by):
            try:
                batching.answer(each, by=by, said=said)
            except Refused as refusal:
                refused += [reason for reason in refusal.reasons if reason not in refused]
    for reason in refused:
        messages.error(request, reason)
    if approves and not refused:
        carry_out(
            request,
            lambda: batching.approve(batch, by=by),
            lambda: _approved(_found(reference)),
            refusal=_REFUSED,
            of=reference,
        )
    elif not refused:
        messages.success(request, "Saved.")
    return redirect("disposal_batch", reference)


def _approved(batch: DisposalBatch) -> str:
    if batch.state == "stopped":
        return "Approved, and stopped until a third person has signed it off."
    return "Approved: the worker makes the orders. Each cools off, and can be undone until its sources are told."


@require_POST
@opens("disposal.approve")
def return_batch(request: HttpRequest, reference: str) -> HttpResponse:
    """Return a batch to whoever proposed it."""
    batch, form = _found(reference), ReturnForm(request.POST, auto_id="return-%s")
    if not form.is_valid():
        return _page(request, batch, returning=form)
    act = partial(batching.return_, batch, by=visitor(request), note=form.cleaned_data["note"])
    carry_out(request, act, "Returned: nobody in it goes.", refusal=_REFUSED, of=reference)
    return redirect("disposal_batch", reference)


@require_POST
@opens("disposal.approve")
def sign_batch(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a stopped batch go on."""
    batch, form = _found(reference), SignForm(request.POST)
    if not form.is_valid():
        return _page(request, batch, signing=form)
    act = partial(batching.sign_off, batch, by=visitor(request), reason=form.cleaned_data["found"])
    carry_out(request, act, "Signed off: it goes on.", refusal=_REFUSED, of=reference)
    return redirect("disposal_batch", reference)


@require_POST
@opens("disposal.view")
def call_off_batch(request: HttpRequest, reference: str) -> HttpResponse:
    """Call a batch off, and undo what no source was told of."""
    batch, form, undone = _found(reference), CallOffForm(request.POST), [0]
    if not form.is_valid():
        return _page(request, batch, calling_off=form)

    def act() -> None:
        undone[0] = batching.call_off(batch, by=visitor(request), note=form.cleaned_data["why"])

    carry_out(request, act, lambda: f"Called off. Orders undone: {undone[0]:,}.", refusal=_REFUSED, of=reference)
    return redirect("disposal_batch", reference)
