"""Samples of automatic decisions: drawing one, checking it decision by decision, and what the checks tell."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from muniment.core import audit, content, workbooks
from muniment.core.models import Controller, User
from muniment.core.verdicts import Refused
from muniment.core.visits import carry_out, controllers_of, opens, visitor
from muniment.people import queries as people
from muniment.people.models import PrimePerson
from muniment.people.shown.chronology import chronology, controllers
from muniment.records.models import NominalFlag
from muniment.retention.actions import checking
from muniment.retention.checks import check_print, check_shown, sampled
from muniment.retention.deciding import explaining
from muniment.retention.deciding.explaining import Explanation
from muniment.retention.disposals import stops
from muniment.retention.forms.checks import AnswerForm, DrawForm, SecondForm
from muniment.retention.models import DecisionSample, PersonDecision, RecordDecision, SampledDecision
from muniment.retention.policies import check_policy
from muniment.retention.views import open_to

_REFUSED = "check.refused"


@opens("check.view")
def checks(request: HttpRequest) -> HttpResponse:
    """List the samples, the last first, draw another, and lead to what was decided by hand and to the mode."""
    assert isinstance(request.user, User)
    mine = controllers_of(request.user, checking.DRAW)
    form = DrawForm(
        request.POST or None,
        controllers=[each.pk for each in mine],
        partitions=sampled.partitions(request.user),
    )
    if request.method == "POST" and form.is_valid() and (drawn := _drawn(request, form)) is not None:
        return redirect("check_sample", drawn.pk)
    audit.record(visitor(request), "check.samples")
    seen = controllers_of(request.user, "check.view")
    every = DecisionSample.objects.filter(controller__in=seen).select_related("controller").order_by("-pk")
    page = Paginator(every, 20).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "lines": [(each, _line(each)) for each in page],
        "form": form,
        "may_draw": bool(mine),
        "controllers": seen,
        "stands": sampled.over_limit(seen),
        "limit": sampled.percent(check_policy.on(timezone.localdate()).harmful),
        "page_title": "Checks of automatic decisions",
    }
    return TemplateResponse(request, "retention/checks.html", shown, status=422 if form.errors else 200)


def _line(sample: DecisionSample) -> tuple[str, str]:
    """Return how far a sample is checked, and its harmful rate."""
    told = sampled.results(sample)
    found = check_shown.rates(told)
    harmful = next((each for each in found if each.title == check_shown.HARMFUL), None)
    return f"{told.checked:,} of {sample.size:,}", harmful.words if harmful else ""


def _drawn(request: HttpRequest, form: DrawForm) -> DecisionSample | None:
    given = form.cleaned_data
    wanted = sampled.Wanted(
        given["controller"], given["about"], given["partition"], tuple(given["outcomes"]), given["by_group"]
    )
    try:
        sample = checking.draw(wanted, given["size"], by=visitor(request))
    except Refused as refusal:
        _say(request, form, refusal, "")
        return None
    messages.success(request, f"Sample {sample.pk} is drawn: {sample.size:,} decisions wait to be checked.")
    return sample


def _say(request: HttpRequest, form: Form, refusal: Refused, of: str) -> None:
    for reason in refusal.reasons:
        form.add_error(None, reason)
    audit.record_apart(visitor(request), _REFUSED, "refused", subject=of)


def _sample(request: HttpRequest, key: int) -> DecisionSample:
    """Return a sample of a controller whose checks the reader may see, by the wall and by their roles."""
    assert isinstance(request.user, User)
    seen = controllers_of(request.user, "check.view")
    found = DecisionSample.objects.filter(pk=key, controller__in=seen).select_related("controller").first()
    if found is None:
        raise Http404
    return found


def _may(request: HttpRequest, action: str, controller: Controller) -> bool:
    assert isinstance(request.user, User)
    return controller in controllers_of(request.user, action)


@opens("check.view")
def check_sample(request: HttpRequest, key: int) -> HttpResponse:
    """Show what the checks of a sample tell, and lead to what waits; draw it once more where that is asked."""
    assert isinstance(request.user, User)
    sample = _sample(request, key)
    repeats = "repeat" in request.GET and _may(request, checking.WORK, sample.controller)
    audit.record(
        visitor(request),
        "check.repeat" if repeats else "check.sample",
        subject=f"sample {sample.pk}",
        controller=sample.controller.code,
    )
    told = sampled.results(sample)
    may_check = _may(request, checking.WORK, sample.controller) and not sample.is_closed
    waits = sampled.open_to(sample, request.user.username).count() if may_check else 0
    found = check_shown.rates(told)
    shown = {
        "sample": sample,
        "about": check_shown.about(sample),
        "told": told,
        "rates": found,
        "chart": check_shown.chart(found, check_policy.on(timezone.localdate()).harmful) if told.checked else None,
        "rows": [(check_shown.stratum(each), check_shown.row(each)) for each in told.tallies],
        "heads": check_shown.HEADS[2:],
        "causes": check_shown.causes(told),
        "limits": check_shown.LIMITS,
        "standing": check_print.standing(sample),
        "stands": sampled.stands_against(sample.controller).reasons,
        "waits": waits,
        "wrong": _wrong(sample) if _may(request, checking.WORK, sample.controller) else [],
        "may_close": _may(request, checking.DRAW, sample.controller) and not sample.is_closed,
        "may_repeat": _may(request, checking.WORK, sample.controller),
        "repeated": sampled.repeat(sample) if repeats else None,
        "page_title": f"Sample {sample.pk} of automatic decisions",
    }
    return TemplateResponse(request, "retention/check_sample.html", shown)


def _wrong(sample: DecisionSample) -> list[SampledDecision]:
    """Return what was said to be wrong, of those that the reader may see."""
    return list(sample.items.filter(said=SampledDecision.Said.WRONG).order_by("place"))


@opens("check.view")
def check_sample_csv(request: HttpRequest, key: int) -> HttpResponse:
    """Give what a sample tells as a file."""
    sample = _sample(request, key)
    _given(request, sample, "csv")
    answer = HttpResponse(check_print.as_csv(sample), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="automatic-decisions-sample-{sample.pk}.csv"'
    return answer


@opens("check.view")
def check_sample_pdf(request: HttpRequest, key: int) -> HttpResponse:
    """Give what a sample tells as a PDF for the board."""
    sample = _sample(request, key)
    _given(request, sample, "pdf")
    answer = HttpResponse(check_print.as_pdf(sample), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="automatic-decisions-sample-{sample.pk}.pdf"'
    return answer


@opens("check.view")
def check_sample_xlsx(request: HttpRequest, key: int) -> HttpResponse:
    """Give what a sample tells as a workbook."""
    sample = _sample(request, key)
    _given(request, sample, "xlsx")
    return workbooks.response(f"automatic-decisions-sample-{sample.pk}", check_print.as_xlsx(sample))


def _given(request: HttpRequest, sample: DecisionSample, form: str) -> None:
    code = sample.controller.code
    audit.record(
        visitor(request), "check.export", subject=f"sample {sample.pk}", controller=code, detail={"form": form}
    )


@require_POST
@opens(checking.DRAW)
def close_sample(request: HttpRequest, key: int) -> HttpResponse:
    """Close a sample that is checked: its figures stand."""
    sample = _sample(request, key)
    close = partial(checking.close, sample, by=visitor(request))
    carry_out(request, close, "The sample is closed: its figures stand.", refusal=_REFUSED, of=f"sample {key}")
    return redirect("check_sample", key)


@opens(checking.WORK)
def next_decision(request: HttpRequest, key: int) -> HttpResponse:
    """Lead to the next decision of a sample that waits for the reader."""
    assert isinstance(request.user, User)
    sample = _sample(request, key)
    audit.record(visitor(request), "check.next", subject=f"sample {sample.pk}", controller=sample.controller.code)
    item = None if sample.is_closed else sampled.open_to(sample, request.user.username).first()
    if item is None:
        messages.success(request, "Nothing of this sample waits for you.")
        return redirect("check_sample", key)
    return redirect("check_decision", key, item.place)


@opens(checking.WORK)
def check_decision(request: HttpRequest, key: int, place: int) -> HttpResponse:
    """Show one decision with the facts that it rests on and its explanation, and take what the reader says of it."""
    assert isinstance(request.user, User)
    sample = _sample(request, key)
    item = sample.items.filter(place=place).select_related("prime__redirects_to", "record__system__controller").first()
    if item is None:
        raise Http404
    name = request.user.username
    second = item.said == SampledDecision.Said.WRONG and item.by != name
    open_ = not sample.is_closed and item.second_at is None and item.by in {"", name}
    form: AnswerForm | SecondForm = SecondForm(request.POST or None) if second else _answer_form(request, item)
    of = f"sample {sample.pk} decision {item.place}"
    subject = _subject(sample, item)
    open_to.pass_by(request, of, told=[item.record_id])
    open_to.pass_life(request, of, subject["prime"].pk if subject["prime"] else None)
    if request.method == "POST" and form.is_valid():
        try:
            _record(request, item, form)
        except Refused as refusal:
            _say(request, form, refusal, of)
        else:
            return redirect("next_decision", key)
    else:
        audit.record(visitor(request), "check.decision", subject=of, controller=sample.controller.code)
    shown = {
        "sample": sample,
        "item": item,
        "form": form,
        "second": second and not sample.is_closed and item.second_at is None,
        "open": open_,
        "reason": content.shown(item.reason),
        "note": content.shown(item.note),
        "left": sampled.open_to(sample, name).count(),
        "back_here": urlencode({"next": request.get_full_path()}),
        "page_title": f"Decision {item.place} of sample {sample.pk}",
        **subject,
    }
    return TemplateResponse(request, "retention/check_decision.html", shown, status=422 if form.errors else 200)


def _answer_form(request: HttpRequest, item: SampledDecision) -> AnswerForm:
    if request.method == "POST":
        return AnswerForm(request.POST)
    kept = {name: getattr(item, name) for name in ("said", "should", "should_due", "cause")}
    group = "" if item.should_group is None else str(item.should_group)
    return AnswerForm(initial=kept | {"should_group": group, "reason": content.shown(item.reason)})


def _record(request: HttpRequest, item: SampledDecision, form: AnswerForm | SecondForm) -> None:
    if isinstance(form, AnswerForm):
        checking.answer(item, form.answer(), by=visitor(request))
        return
    given = form.cleaned_data
    checking.look_again(item, agrees=given["agrees"] == "yes", note=given["note"], by=visitor(request))


def _subject(sample: DecisionSample, item: SampledDecision) -> dict[str, Any]:
    """Return whom or what a decision is about, with the explanation of what stands now and whether that is the same."""
    record = item.record
    prime = (item.prime.redirects_to or item.prime) if item.prime else None
    explanation: Explanation | None
    now: RecordDecision | PersonDecision | None
    if record is not None:
        explanation, now = explaining.explain_record(record), RecordDecision.objects.filter(record=record).first()
        prime = explaining.people_on(record).first()
    else:
        assert prime is not None
        explanation = explaining.explain_person(prime, sample.controller).get(sample.controller)
        now = PersonDecision.objects.filter(prime=prime, controller=sample.controller).first()
    moved = now is None or (now.outcome, now.due, now.rule) != (item.outcome, item.due, item.rule)
    return {"record": record, "prime": prime, "explanation": explanation, "moved": moved, **_life(prime)}


def _life(prime: PrimePerson | None) -> dict[str, Any]:
    if prime is None:
        return {"entries": []}
    nominals = list(people.nominals_of(prime))
    entries = chronology(prime)
    return {
        "who": people.identity(prime, nominals),
        "entries": entries,
        "several": len(controllers(entries)) > 1,
        "flags": list(NominalFlag.objects.filter(nominal__in=nominals).order_by("flag", "start")),
        "standing_holds": stops.standing_holds([entry.record.pk for entry in entries]),
    }
