"""Decisions made by hand beside the schedule: bringing them in, how far both agree, settling where they differ."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from muniment.core import audit, content
from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.retention.actions import comparing
from muniment.retention.checks import by_hand, leaving, manual_rows
from muniment.retention.forms.checks import FileForm, SettleForm
from muniment.retention.models import ManualDecision, ManualFile
from muniment.retention.views import open_to

MOST = 500  # rows of a file that a page takes: each is decided while whoever sent it waits
_REFUSED = "manual.refused"
SAID = {by_hand.DISPOSE: "Dispose", by_hand.KEEP: "Keep", by_hand.PERSON: "A person is asked"}


def found_controller(request: HttpRequest, code: str) -> Controller:
    """Return a controller whose checks the reader may see; any other gives the answer of one that does not exist."""
    assert isinstance(request.user, User)
    found = next((each for each in controllers_of(request.user, "check.view") if each.code == code), None)
    if found is None:
        raise Http404
    return found


def _may_work(request: HttpRequest, controller: Controller) -> bool:
    assert isinstance(request.user, User)
    return controller in controllers_of(request.user, comparing.WORK)


@opens("check.view")
def manual(request: HttpRequest, code: str) -> HttpResponse:
    """Show how far manual decisions and the schedule agree, list where they differ, and take in a file."""
    controller = found_controller(request, code)
    may_work = _may_work(request, controller)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and may_work and form.is_valid() and (file := _taken(request, controller, form)):
        return redirect("manual_file", code, file.pk)
    audit.record(visitor(request), "manual.view", controller=controller.code)
    told = leaving.agreement(controller)
    page = Paginator(leaving.differing(controller), 30).get_page(request.GET.get("page"))
    settlements = dict(ManualDecision.Settlement.choices)
    shown = {
        "controller": controller,
        "told": told,
        "lines": [(SAID[line.system], line, _interval(line)) for line in told.lines],
        "settled": [(settlements[key], number) for key, number in sorted(told.settled.items())],
        "page": page if may_work else None,
        "said": SAID,
        "form": form,
        "may_work": may_work,
        "to_come": len(leaving.reviews_to_come(controller)) if may_work else 0,
        "files": ManualFile.objects.filter(controller=controller).order_by("-pk")[:10],
        "columns": ", ".join(manual_rows.REQUIRED),
        "optional": " and ".join(manual_rows.OPTIONAL),
        "most": MOST,
        "page_title": f"Decided by hand: {controller.name}",
    }
    return TemplateResponse(request, "retention/manual.html", shown, status=422 if form.errors else 200)


def _interval(line: leaving.Line) -> str:
    return f"{100 * line.interval[0]:.1f} to {100 * line.interval[1]:.1f} %" if line.interval else ""


def _taken(request: HttpRequest, controller: Controller, form: FileForm) -> ManualFile | None:
    given = form.cleaned_data["file"]
    try:
        file = comparing.take_in(comparing.Given(controller, given.name, given.read()), by=visitor(request), most=MOST)
    except (manual_rows.BadFile, Refused) as fault:
        form.add_error("file" if isinstance(fault, manual_rows.BadFile) else None, str(fault))
        audit.record_apart(visitor(request), _REFUSED, "refused")
        return None
    refused = f" {len(file.refused):,} were refused: see why below." if file.refused else ""
    messages.success(request, f"{file.kept:,} decisions are brought in and compared.{refused}")
    return file


@opens("check.view")
def manual_file(request: HttpRequest, code: str, key: int) -> HttpResponse:
    """Show what became of a file: how many rows were kept, and which were refused and why."""
    controller = found_controller(request, code)
    file = ManualFile.objects.filter(controller=controller, pk=key).first()
    if file is None:
        raise Http404
    audit.record(visitor(request), "manual.file", subject=f"file {file.pk}", controller=controller.code)
    shown = {
        "controller": controller,
        "file": file,
        "page": Paginator(file.refused, 100).get_page(request.GET.get("page")),
        "page_title": f"File {file.pk} of manual decisions",
    }
    return TemplateResponse(request, "retention/manual_file.html", shown)


@require_POST
@opens(comparing.WORK)
def take_reviews(request: HttpRequest, code: str) -> HttpResponse:
    """Put the reviews that people decided here beside the schedule, or compare anew what another policy compared."""
    controller = found_controller(request, code)
    act = comparing.again if request.POST.get("do") == "again" else comparing.take_reviews
    carry_out(request, partial(act, controller, by=visitor(request)), "They are compared.", refusal=_REFUSED, of=code)
    return redirect("manual", code)


@opens(comparing.WORK)
def manual_decision(request: HttpRequest, code: str, key: int) -> HttpResponse:
    """Show a manual decision beside what would have been decided, with its explanation, and settle a difference."""
    controller = found_controller(request, code)
    found = leaving.of(controller).filter(pk=key).first()
    if found is None:
        raise Http404
    form = SettleForm(request.POST or None, initial={"settlement": found.settlement})
    of = f"manual decision {found.pk}"
    open_to.pass_by(request, of, told=[found.record_id])
    open_to.pass_life(request, of, found.prime_id)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            comparing.settle(found, given["settlement"], given["reason"], by=visitor(request))
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            audit.record_apart(visitor(request), _REFUSED, "refused", subject=of)
        else:
            messages.success(request, "It is settled.")
            return redirect("manual", code)
    else:
        audit.record(visitor(request), "manual.decision", subject=of, controller=controller.code)
    beside = by_hand.beside(by_hand.Subject(controller, found.prime, found.record), found.decided_on)
    shown = {
        "controller": controller,
        "found": found,
        "system": SAID[found.system],
        "prime": beside.prime,
        "explanation": beside.explained(),
        "moved": (beside.system, beside.made.due) != (found.system, found.due),
        "reason": content.shown(found.reason or (found.review.reason if found.review else None)),
        "settled_reason": content.shown(found.settled_reason),
        "form": form,
        "page_title": "Decided by hand, and by the schedule",
    }
    return TemplateResponse(request, "retention/manual_decision.html", shown, status=422 if form.errors else 200)
