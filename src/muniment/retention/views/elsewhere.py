"""What has to be done elsewhere for disposals: by place, late ones first, answers one by one or by file."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Min, Q, QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import access, audit, references, work_files
from muniment.core.models import User
from muniment.core.visits import carry_out, opens, visitor
from muniment.retention.actions import answering, answers_file
from muniment.retention.disposals import work_of, work_print
from muniment.retention.elsewhere import duties
from muniment.retention.elsewhere import reconciling as reconciled
from muniment.retention.forms.duties import AnswersForm, DutyForm
from muniment.retention.models import Duty
from muniment.retention.policies import elsewhere
from muniment.retention.views import open_to
from muniment.retention.views.disposals import tabs

_MOST = 200  # rows that a page names


@dataclass(frozen=True)
class Place:
    """One place of one controller: how much is open there, and since when."""

    controller: str
    code: str
    where: str
    place: str
    title: str
    holder: str
    open: int
    unanswered: int
    late: int
    oldest: datetime
    waiting: int  # of what is open, for an answer of their source


def _late(settings: elsewhere.Elsewhere, today: date) -> Q:
    """Match what should have been answered, or asked again, before today."""
    found = Q(next_on__lt=today)
    for where, days in settings.chased_after_days.items():
        before = timezone.now() - timedelta(days=days)
        found |= Q(next_on__isnull=True, where=where, asked_at__lt=before)
    return found


def late() -> QuerySet[Duty]:
    """Return the duties that are late, as far as the reader may see them."""
    today = timezone.localdate()
    return work_of.in_file().filter(_late(elsewhere.on(today), today))


@opens("disposal.view")
def elsewhere_page(request: HttpRequest) -> HttpResponse:
    """List what is open elsewhere, by place and one by one."""
    return _page(request, AnswersForm())


def _page(request: HttpRequest, form: Form, *, status: int = 200, **more: Any) -> HttpResponse:
    today = timezone.localdate()
    settings = elsewhere.on(today)
    only_late, wanted = "late" in request.GET, request.GET.get("place", "")
    found = work_of.to_do()
    places = _places(found, settings, today)
    if wanted:
        controller, where, place = (*wanted.split("."), "", "", "")[:3]
        found = found.filter(order__controller__code=controller, where=where, place=place)
    if only_late:
        found = duties.workable(found.filter(_late(settings, today)))
    page = Paginator(found.order_by("asked_at", "pk"), 50).get_page(request.GET.get("page"))
    waits = duties.waits_for(page)
    audit.record(visitor(request), "disposal.elsewhere")
    return TemplateResponse(
        request,
        "retention/elsewhere.html",
        {
            "places": places,
            "page": page,
            "lines": [(each, 0 if each.pk in waits else duties.late(each, settings, today)) for each in page],
            "waits": waits,
            "form": form,
            "may_answer": _may(request),
            "only_late": only_late,
            "wanted": wanted,
            "number_late": sum(each.late for each in places),
            **tabs(request),
            "page_title": "Disposals elsewhere",
            **more,
        },
        status=status,
    )


def _places(found: QuerySet[Duty], settings: elsewhere.Elsewhere, today: date) -> list[Place]:
    names = ("order__controller__name", "order__controller__code", "where", "place", "title", "holder")
    counted = found.order_by().values(*names)
    waits = Q(pk__in=duties.waiting_for_source().values("pk"))
    grouped = counted.annotate(
        all=Count("pk"),
        without=Count("pk", filter=Q(answer="")),
        overdue=Count("pk", filter=_late(settings, today) & ~waits),
        oldest=Min("asked_at"),
        waiting=Count("pk", filter=waits),
    ).values_list(*names, "all", "without", "overdue", "oldest", "waiting")
    return sorted((Place(*row) for row in grouped), key=lambda each: (-each.late, each.controller, each.title))


def _may(request: HttpRequest) -> bool:
    assert isinstance(request.user, User)
    return bool(access.may(request.user, "disposal.instruct", on=timezone.localdate()))


def _of_place(request: HttpRequest, controller: str, where: str, place: str) -> QuerySet[Duty]:
    assert isinstance(request.user, User)
    found = work_of.in_file().filter(order__controller__code=controller, where=where, place=place)
    first = found.select_related("order__controller").first()
    if first is None:
        raise Http404
    access.may(request.user, "disposal.instruct", on=timezone.localdate(), controller=first.order.controller).require()
    return found


@opens("disposal.instruct")
def place_file(request: HttpRequest, controller: str, where: str, place: str) -> HttpResponse:
    """Give the work of one place, over all orders, as a CSV file with room for its answers."""
    todo = _of_place(request, controller, where, place)
    name = f"disposal-{controller}-{place}"
    audit.record(visitor(request), "disposal.work_file", subject=name, recipient=todo[0].holder, controller=controller)
    return work_files.response(name, work_of.HEADS, work_of.lines(todo))


@opens("disposal.instruct")
def place_print(request: HttpRequest, controller: str, where: str, place: str) -> HttpResponse:
    """Give the work of one place to print, with room to sign."""
    todo = _of_place(request, controller, where, place)
    name = f"disposal-{controller}-{place}"
    audit.record(visitor(request), "disposal.work_file", subject=name, recipient=todo[0].holder, controller=controller)
    made = work_print.as_pdf(todo, todo[0].title)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


@require_POST
@opens("disposal.instruct")
def answers(request: HttpRequest) -> HttpResponse:
    """Take a work file back: good rows are kept, each bad one is refused with its reason."""
    form = AnswersForm(request.POST, request.FILES)
    if form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            if sent.size > answers_file.LARGEST:
                raise answers_file.BadAnswers(f"The file is larger than {answers_file.LARGEST:,} bytes.")
            taken = answers_file.take(sent.read(), by=visitor(request))
        except answers_file.BadAnswers as error:
            form.add_error("file", f"{error} Nothing of it was recorded.".rstrip("."))
        else:
            return _page(request, AnswersForm(), status=422 if taken.refused else 200, taken=taken, most=_MOST)
    audit.record_apart(visitor(request), "disposal.refused", "refused", subject="answers")
    return _page(request, form, status=422)


def _found(reference: str) -> Duty:
    try:
        key = references.number("duty", reference)
    except ValueError as error:
        raise Http404 from error
    found = Duty.objects.select_related("item__system", "item__record", "order__controller").filter(pk=key).first()
    if found is None:
        raise Http404
    return found


@opens("disposal.view")
def duty(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one record at one place: what is asked there, what was answered, and the form for the answer."""
    one, by = _found(reference), visitor(request)
    open_to.pass_by(request, one.reference, told=[one.item.record_id])
    settings, today = elsewhere.on(timezone.localdate()), timezone.localdate()
    assert isinstance(request.user, User)
    may = access.may(request.user, "disposal.instruct", on=today, controller=one.order.controller)
    form = DutyForm(one, settings, request.POST or None)
    if request.method == "POST":
        may.require()
        if form.is_valid():
            verdict = answering.can_say(one, form.as_said(), by=by)
            if verdict:
                done = "The answer is recorded." if form.cleaned_data["said"] else "Noted: it was asked for again."
                refusal = "disposal.refused"
                carry_out(
                    request,
                    lambda: answering.answer_one(one, form.as_said(), by=by),
                    done,
                    refusal=refusal,
                    of=one.order.reference,
                )
                return redirect("duty", one.reference)
            _at_field(form, verdict.reasons)
        audit.record_apart(by, "disposal.refused", "refused", subject=one.order.reference)
    waits, waiting = duties.waits_for([one]), duties.waited_for_by([one])
    audit.record(by, "disposal.duty", subject=one.order.reference, controller=one.order.controller.code)
    return TemplateResponse(
        request,
        "retention/duty.html",
        {
            "duty": one,
            "do": settings.do(one.where, one.place),
            "ends": one.answer in duties.CLOSING,
            "late": duties.late(one, settings, today) if one.answer not in duties.CLOSING and not waits else 0,
            "waits": waits.get(one.pk, ""),
            "waiting": waiting.get(one.pk, ()),
            "begins_after": [Duty.Answer(each).label for each in settings.begins_after],
            "chased_on": duties.chased_on(one, settings),
            "form": form if may and answering.may_be_answered(one) else None,
            "contradicted": duties.is_contradicted(one),
            "page_title": f"{one.title}: {one.item.reference}",
        },
        status=422 if form.errors else 200,
    )


def _at_field(form: Form, reasons: tuple[str, ...]) -> None:
    """Show why an answer cannot be taken where it is to be mended."""
    starts = {answering.DESTROYED_HOW: "method", "The day": "next_on", "'": "said"}
    for reason in reasons:
        name = next((field for begin, field in starts.items() if reason.startswith(begin)), "note")
        form.add_error(name if name in form.fields else None, reason.rstrip("."))


@opens("disposal.view")
def reconcile(request: HttpRequest) -> HttpResponse:
    """Show disposals held against what sources send."""
    audit.record(visitor(request), "disposal.reconcile")
    found = reconciled.reconcile()
    return TemplateResponse(
        request,
        "retention/reconcile.html",
        {
            "found": found,
            "again": found.again[:_MOST],
            "people": found.people[:_MOST],
            "to_close": Duty.objects.filter(pk__in=found.to_close[:_MOST]).select_related("item").order_by("pk"),
            "withdrawn": reconciled.withdrawn()[:_MOST] if _sees_records(request) else (),
            "most": _MOST,
            **tabs(request),
            "page_title": "Disposals and what sources send",
        },
    )


def _sees_records(request: HttpRequest) -> bool:
    assert isinstance(request.user, User)
    return bool(access.may(request.user, "record.view", on=timezone.localdate()))
