"""What the owners of sources are to be told of judgements about their own nominals, and what they answer."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from muniment.core import audit, references, work_files
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.people.actions import advise
from muniment.people.models import SourceAdvice
from muniment.people.said import advice
from muniment.records.models import SourceSystem

_HEADS = ("advice", "system", "reference", "other reference", "what to do", "answer (done, otherwise)")


@opens("match.judge")
def sources(request: HttpRequest) -> HttpResponse:
    """List, by source, the pairs of which its owner is to be told, or has been told and has not answered.

    The reader's own forces alone: each tells its own sources.
    """
    assert isinstance(request.user, User)
    audit.record(visitor(request), "match.sources")
    by_system: dict[SourceSystem, list[SourceAdvice]] = {}
    for each in advice.waiting_for(request.user):
        by_system.setdefault(each.judgement.left.system, []).append(each)
    return TemplateResponse(
        request,
        "people/source_advice.html",
        {
            "systems": by_system.items(),
            "answers": SourceAdvice.Answer.choices,
            "page_title": "What to tell the sources",
        },
    )


@require_POST
@opens("match.judge")
def tell(request: HttpRequest, system: int) -> HttpResponse:
    """Give the work file of a source, and note that its owner has been told."""
    found = SourceSystem.objects.select_related("controller").filter(pk=system).first()
    if found is None:
        raise Http404
    try:
        told = advise.send(found, by=visitor(request))
    except Refused as refusal:
        messages.error(request, " ".join(refusal.reasons))
        return redirect("source_advice")
    return work_files.response(
        f"judgements-{found.controller.code}-{found.code}",
        _HEADS,
        (
            (
                each.reference,
                found.code,
                each.judgement.left.reference,
                each.judgement.right.reference,
                each.get_asked_display(),
                "",
            )
            for each in told
        ),
    )


@require_POST
@opens("match.judge")
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """Record what the owner of a source answered of a pair."""
    try:
        told = advice.waiting().filter(pk=references.number("advice", reference)).first()
    except ValueError as error:
        raise Http404 from error
    if told is None:
        raise Http404
    try:
        advise.answer(told, by=visitor(request), said=request.POST.get("said", ""))
    except Refused as refusal:
        messages.error(request, " ".join(refusal.reasons))
    else:
        messages.success(request, "The answer is recorded.")
    return redirect("source_advice")
