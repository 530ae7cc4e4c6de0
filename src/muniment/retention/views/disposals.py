"""Disposals: propose by rule, approve or return, undo, follow the sources, and see the proof."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from muniment.core import access, audit, content, references, work_files
from muniment.core.models import User
from muniment.core.visits import carry_out, opens, visitor
from muniment.people.linking import pairs
from muniment.people.queries import identity, nominals_of
from muniment.people.shown.chronology import chronology
from muniment.retention import queries, rules
from muniment.retention.actions import disposal as disposing
from muniment.retention.actions import rewrite
from muniment.retention.anonymity import known
from muniment.retention.deciding import doubt, long_kept
from muniment.retention.disposals import certificates, goes_with, preview, stops, work_of
from muniment.retention.elsewhere import copies, duties, reconciling, told
from muniment.retention.forms.disposals import AnswerForm, ReturnForm, UndoForm
from muniment.retention.models import (
    Certificate,
    CertificateIssue,
    DisposalItem,
    DisposalOrder,
    Duty,
    SourceInstruction,
)
from muniment.retention.requests import attached
from muniment.retention.views import open_to
from muniment.retention.views.decided import answers_of, staying_beside

_RETURNING, _UNDOING = "return-%s", "undo-%s"  # the ids of the fields of forms on one page
_ANSWERING = "%s-{}"
IN_DOUBT = "doubt"  # beside the states too: orders about people who are made up otherwise since
AT_SOURCES = "at-sources"  # beside the states: orders, whatever their state, of which a source has something left to do


def found_order(request: HttpRequest, reference: str) -> DisposalOrder:
    """Return the order with a reference, or the answer that there is none.

    Raise UseRestricted where it tells of somebody whose use does not open for the purpose given.
    """
    try:
        key = references.number("disposal", reference)
    except ValueError as error:
        raise Http404 from error
    order = DisposalOrder.objects.select_related("controller", "prime", "review").filter(pk=key).first()
    if order is None:
        raise Http404
    told = order.items.values_list("record_id", flat=True)
    open_to.pass_by(request, order.reference, told=told)
    open_to.pass_life(request, order.reference, order.prime_id)
    return order


def tabs(request: HttpRequest) -> dict[str, Any]:
    """Return what the tabs above every list of disposals need."""
    assert isinstance(request.user, User)
    count = dict(DisposalOrder.objects.values_list("state").annotate(Count("pk")))
    return {
        "counts": [
            *((value, label, count.get(value, 0)) for value, label in DisposalOrder.State.choices),
            (AT_SOURCES, "Waiting elsewhere", told.waiting_for_sources().count()),
            (IN_DOUBT, "In doubt", doubt.orders().count()),
        ],
        "may_propose": access.may(request.user, "disposal.propose", on=timezone.localdate()),
    }


@opens("disposal.view")
def disposals(request: HttpRequest) -> HttpResponse:
    """List orders by state, newest first, with the figure of each state."""
    state = request.GET.get("state", "")
    beside_states = {AT_SOURCES: told.waiting_for_sources, IN_DOUBT: doubt.orders}
    orders = beside_states.get(state, DisposalOrder.objects.all)()
    if state in DisposalOrder.State.values:
        orders = orders.filter(state=state)
    orders = orders.select_related("controller", "certificate").order_by("-pk")
    audit.record(visitor(request), "disposal.list")
    page = Paginator(orders, 50).get_page(request.GET.get("page"))
    beside = told.standings(page)
    return TemplateResponse(
        request,
        "retention/disposals.html",
        {
            "page": page,
            "lines": [(order, beside.get(order.pk, "")) for order in page],
            "doubtful": set(doubt.orders().filter(pk__in=[each.pk for each in page]).values_list("pk", flat=True)),
            "state": state,
            **tabs(request),
            "page_title": "Disposals",
        },
    )


@opens("disposal.view")
def disposal(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one order: what is to go, what stops it, who did what, and the next step."""
    order = found_order(request, reference)
    audit.record(visitor(request), "disposal.open", subject=order.reference, controller=order.controller.code)
    return _page(request, order)


def _page(request: HttpRequest, order: DisposalOrder, *, status: int = 200, **forms: Form) -> HttpResponse:
    """Show an order; `forms` are those that were sent and are not right, which show what is wrong with them."""
    nominals = list(nominals_of(order.prime)) if order.prime else []
    items = order.items.select_related("system__controller", "record__decision").order_by("system", "reference")
    in_the_way = _in_the_way(order)
    return TemplateResponse(
        request,
        "retention/disposal.html",
        {
            "order": order,
            "who": identity(order.prime, nominals) if order.prime and nominals else None,
            "beside": told.standings([order]).get(order.pk, ""),
            "doubt": doubt.of_order(order),
            "is_off": order.state in told.OFF,
            "long_kept": long_kept.said((item.class_id for item in items), order.controller),
            "told": told.told(order),
            "copies": copies.of(order),
            **_life(request, order, list(items)),
            **_decision(request, order),
            **_preview(request, order, in_the_way),
            "sources": _sources(request, order, forms.get("answering")),
            "holds": in_the_way,
            "duties": (told_of := _duties(order)),
            "waits": duties.waits_for(told_of) if order.state not in told.OFF else {},
            "back": reconciling.of_items(items),
            "earlier": list(CertificateIssue.objects.filter(certificate__order=order).order_by("issued_at", "pk")),
            "certificate": (proof := Certificate.objects.filter(order=order).first()),
            "rewritten": rewrite.of(proof),
            "cooled": bool(rules.has_cooled(order, timezone.now())),
            "can": _can(request, order),
            "answering": Form(),
            "returning": ReturnForm(auto_id=_RETURNING),
            "undoing": UndoForm(auto_id=_UNDOING),
            "back_here": urlencode({"next": reverse("disposal", args=[order.reference])}),
            "page_title": f"Disposal {order.reference}",
            **forms,
        },
        status=status,
    )


def _in_the_way(order: DisposalOrder) -> list[str]:
    going = queries.going(order)
    in_doubt = stops.holds_in_doubt(going, pairs.waiting_on(going))
    doubtful = [f"{each} (over someone who may be the same person)" for each in in_doubt]
    blocks = stops.blocks_on(going, answered=attached.answered_by(order.review))
    return [*stops.holds_on(going), *doubtful, *(f"{each} (open)" for each in blocks)]


@dataclass(frozen=True)
class Source:
    """What a source was told, the form for its answer where the user may give one, and what is left for it to do."""

    instruction: SourceInstruction
    form: Form | None
    has_work: bool
    stays: bool  # its records are here, for what it answered


def _sources(request: HttpRequest, order: DisposalOrder, sent: Form | None) -> list[Source]:
    may = _may(request, "disposal.instruct", order)
    tell = may and bool(rules.can_tell_sources(order))
    staying = told.staying(order)
    stays = order.items.filter(destroyed_at__isnull=True, pk__in=staying)
    here = set(stays.values_list("system_id", flat=True))
    work = set(work_of.in_file(order).values_list("item__system_id", flat=True))
    found = []
    for each in order.instructions.select_related("system").order_by("system__title"):
        ids = _ANSWERING.format(each.system_id)
        form = sent if sent is not None and sent.auto_id == ids else AnswerForm(known((), ()), auto_id=ids)
        system, answered = each.system_id, each.answer
        has_work = tell and answered != told.DONE and system in work
        found.append(
            Source(each, form if may and rules.can_answer(order, answered) else None, has_work, system in here)
        )
    return found


def _duties(order: DisposalOrder) -> list[Duty]:
    found = Duty.objects.filter(order=order).select_related("item__system")
    return list(found.order_by("item__reference", "where", "pk"))


def _may(request: HttpRequest, action: str, order: DisposalOrder) -> bool:
    assert isinstance(request.user, User)
    return bool(access.may(request.user, action, on=timezone.localdate(), controller=order.controller))


def _life(request: HttpRequest, order: DisposalOrder, items: list[DisposalItem]) -> dict[str, Any]:
    """Return each record of an order with what it tells of, and what else of the person is held here, which stays.

    Who may see orders and no records, such as an auditor, sees their references.
    """
    said = told.answers(order)
    states = [told.item_state(item, order, said.get(item.pk)) for item in items]
    if order.prime is None or not _may(request, "record.view", order):
        return {"items": [(item, None, state) for item, state in zip(items, states, strict=True)]}
    entries = {entry.record.pk: entry for entry in chronology(order.prime)}
    own = [each for each in entries.values() if each.record.system.controller_id == order.controller_id]
    return {
        "items": [(item, entries.get(item.record_id or 0), state) for item, state in zip(items, states, strict=True)],
        "staying": staying_beside(order, {item.record_id for item in items}, own),
        "decision": queries.person_decision(order.prime, order.controller),
        "goes_with": goes_with.of_order(order) if goes_with.to_come(order) else None,
    }


def _preview(request: HttpRequest, order: DisposalOrder, in_the_way: list[str]) -> dict[str, Any]:
    """Return every other effect, until the order is carried out, to those who may see the records."""
    if not goes_with.to_come(order) or not _may(request, "record.view", order):
        return {}
    return {"preview": preview.of_order(order, len(in_the_way))}


def _decision(request: HttpRequest, order: DisposalOrder) -> dict[str, Any]:
    """Return why it was decided so, in the reviewer's words, to those who may work reviews themselves."""
    if order.review is None or not _may(request, "review.work", order):
        return {}
    return {"reason": content.shown(order.review.reason), "answers": answers_of(order.review)}


def _can(request: HttpRequest, order: DisposalOrder) -> dict[str, bool]:
    """Return which steps this user may take now."""
    may = partial(_may, request, order=order)
    return {
        "approve": bool(rules.can_move_order(order, "approve")) and may("disposal.approve"),
        "undo": bool(rules.can_move_order(order, "undo")) and (may("disposal.propose") or may("disposal.approve")),
    }


def _then(
    request: HttpRequest, order: DisposalOrder, act: Callable[[], object], words: str | Callable[[], str]
) -> HttpResponse:
    carry_out(request, act, words, refusal="disposal.refused", of=order.reference)
    return redirect("disposal", order.reference)


def _not_taken(request: HttpRequest, order: DisposalOrder, **forms: Form) -> HttpResponse:
    """Show the order with what was typed and what is wrong with it, at its field."""
    audit.record_apart(visitor(request), "disposal.refused", "refused", subject=order.reference)
    return _page(request, order, status=422, **forms)


@require_POST
@opens("disposal.approve")
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    """Approve what another proposed."""
    order, by = found_order(request, reference), visitor(request)
    return _then(request, order, lambda: disposing.approve(order, by=by), "Approved. The cooling-off has begun.")


@require_POST
@opens("disposal.approve")
def send_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Return a proposal with what is wrong with it."""
    order, by, form = found_order(request, reference), visitor(request), ReturnForm(request.POST, auto_id=_RETURNING)
    if not form.is_valid() and _can(request, order)["approve"]:
        return _not_taken(request, order, returning=form)
    note = form.cleaned_data.get("note", "")
    return _then(
        request, order, lambda: disposing.return_(order, by=by, note=note), "Returned. The review is open again."
    )


@require_POST
@opens("disposal.view")
def undo(request: HttpRequest, reference: str) -> HttpResponse:
    """Undo a disposal, and say what cannot be undone of it."""
    order, by, form = found_order(request, reference), visitor(request), UndoForm(request.POST, auto_id=_UNDOING)
    if not form.is_valid() and _can(request, order)["undo"]:
        return _not_taken(request, order, undoing=form)
    note = form.cleaned_data.get("note", "")
    return _then(
        request,
        order,
        lambda: disposing.undo(order, by=by, note=note),
        lambda: " ".join(["Undone.", *told.told(order).sentences]),
    )


@require_POST
@opens("disposal.instruct")
def answer(request: HttpRequest, reference: str, system: int) -> HttpResponse:
    """Record what a source answered."""
    order, by = found_order(request, reference), visitor(request)
    instruction = SourceInstruction.objects.filter(order=order, system_id=system).first()
    if instruction is None:
        raise Http404
    form = AnswerForm(queries.people_of(order), request.POST, auto_id=_ANSWERING.format(system))
    if not form.is_valid() and rules.can_answer(order, instruction.answer):
        return _not_taken(request, order, answering=form)
    said, note = form.cleaned_data.get("said", ""), form.cleaned_data.get("note", "")
    return _then(
        request,
        order,
        lambda: disposing.answer(instruction, by=by, said=said, note=note),
        "The answer is recorded.",
    )


@opens("disposal.instruct")
def work_file(request: HttpRequest, reference: str, system: int) -> HttpResponse:
    """Give the work of one source as a CSV file in its own references, with room for its answers."""
    order = found_order(request, reference)
    if not order.instructions.filter(system_id=system).exists():
        raise Http404
    if refusal := rules.can_tell_sources(order).reasons:
        audit.record_apart(visitor(request), "disposal.refused", "refused", subject=order.reference)
        messages.error(request, " ".join(refusal))
        return redirect("disposal", order.reference)
    todo = work_of.in_file(order).filter(item__system_id=system)
    if not todo:
        raise Http404
    audit.record(visitor(request), "disposal.work_file", subject=order.reference, recipient=todo[0].holder)
    return work_files.response(f"{order.reference}-{todo[0].place}", work_of.HEADS, work_of.lines(todo))


@opens("disposal.view")
def certificate(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the certificate of an order as a PDF."""
    order = found_order(request, reference)
    found = Certificate.objects.filter(order=order).first()
    if found is None:
        raise Http404
    audit.record(visitor(request), "disposal.certificate", subject=found.reference)
    response = HttpResponse(certificates.as_pdf(found, rewrite.of(found)), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.reference}.pdf"'
    return response
