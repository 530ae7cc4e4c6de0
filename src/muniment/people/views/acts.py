"""Judgements that were made together: what was said of which pairs, and taking all of it back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit, content
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.core.ways_back import way_back
from muniment.people import judged
from muniment.people.actions import judge_together as together
from muniment.people.models import Judgement, JudgingAct
from muniment.people.views.matches import WithdrawForm

SHOWN = 200  # pairs that the page names


@opens("match.judge")
def act(request: HttpRequest, key: int) -> HttpResponse:
    """Show an act with its judgements that the reader may see, and let its author take it back."""
    assert isinstance(request.user, User)
    found = JudgingAct.objects.select_related("prime").filter(pk=key).first()
    said = Judgement.objects.filter(act=key).select_related(
        "left__system__controller", "right__system__controller", "reason", "withdrawal"
    )
    judgements = list(said.order_by("pk")[:SHOWN])
    if found is None or not judgements:
        raise Http404
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            number = together.take_back(found, by=visitor(request), reason=form.cleaned_data["why"])
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            told = f"{number} judgement{'s are' if number != 1 else ' is'} taken back."
            messages.success(request, f"{told} The prime records, and what is kept of them, follow within a minute.")
            return redirect("judging_act", key)
    audit.record(visitor(request), "match.act", subject=f"act {key}")
    titles = judged.titles()
    return TemplateResponse(
        request,
        "people/act.html",
        {
            "act": found,
            "judgements": judgements,
            "standing": sum(each.superseded_at is None for each in judgements),
            "followed": all(each.is_followed for each in judgements),
            "rests_on": titles.get(found.evidence, found.evidence),
            "reason": content.shown(judgements[0].reason),
            "withdrawal": content.shown(judgements[0].withdrawal),
            "may_take_back": found.withdrawn_at is None and found.by == request.user.username,
            "form": form,
            "back": way_back(request),
            "page_title": found.get_act_display(),
        },
    )
