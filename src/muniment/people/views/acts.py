"""Judgements that were made together: what was said of which pairs, and taking all of it back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit, content, guards
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import actions_of, opens, visitor
from muniment.core.ways_back import way_back
from muniment.people.actions import judge_together as together
from muniment.people.judging import checks
from muniment.people.judging.kinds_of_pairs import left_out_in_words
from muniment.people.models import Judgement, JudgingAct
from muniment.people.said import judged
from muniment.people.views.matches import WithdrawForm
from muniment.people.watching import wording

SHOWN = 200  # pairs that the page names


@opens("match.judge")
def acts(request: HttpRequest) -> HttpResponse:
    """List what was judged together, the last first, and what of it waits for somebody else to look at."""
    assert isinstance(request.user, User)
    audit.record(visitor(request), "match.acts")
    # Of each as many judgements as the reader may see: who saw more wrote down how many there were.
    told = JudgingAct.objects.select_related("prime").annotate(size=Count("judgements")).filter(size__gt=0)
    page = Paginator(told.order_by("-pk"), 50).get_page(request.GET.get("page"))
    waits = set(checks.waiting_for(request.user.username).values_list("act", flat=True))
    figures = checks.checked([each.pk for each in page])
    lines = [(each, _in_words(figures.get(each.pk)), each.pk in waits) for each in page]
    shown = {"page": page, "lines": lines, "page_title": "Judged together"}
    return TemplateResponse(request, "people/acts.html", shown)


def _in_words(found: checks.Checked | None) -> dict[str, object] | None:
    """Return what the sample of an act tells, in words; None of an act that has none."""
    if found is None:
        return None
    share = wording.percent(found.share) if found.share is not None else ""
    return {"checked": found, "share": share, "interval": wording.interval(found.interval)}


@opens("match.judge")
def act(request: HttpRequest, key: int) -> HttpResponse:
    """Show an act with its judgements that the reader may see, and let its author take it back."""
    assert isinstance(request.user, User)
    found = JudgingAct.objects.select_related("prime").filter(pk=key).first()
    said = Judgement.objects.filter(act=key).select_related(
        "left__system__controller", "right__system__controller", "reason", "withdrawal"
    )
    judgements, size = list(said.order_by("pk")[:SHOWN]), said.count()
    if found is None or not judgements:
        raise Http404
    of_them = {key for each in judgements for key in (each.left_id, each.right_id)}
    guards.pass_by(sorted(of_them), visitor(request).purpose, f"act {key}", duty=guards.COMPARING)
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
            "may_take_back": found.withdrawn_at is None and _may_take_back(request.user, found),
            "figures": _in_words(checks.checked([found.pk]).get(found.pk)),
            "left_out": left_out_in_words(_left_out(found, request.user)),
            "to_check": checks.waiting_for(request.user.username, found).count(),
            "size": size,
            "more": size - len(judgements),
            "form": form,
            "back": way_back(request),
            "page_title": found.get_act_display(),
        },
    )


def _left_out(act: JudgingAct, reader: User) -> dict[str, int]:
    """Return what an act left out; that something restricted was among it is for whoever saw it."""
    if act.by == reader.username:
        return act.left_out
    return {code: count for code, count in act.left_out.items() if code != "restricted"}


def _may_take_back(user: User, act: JudgingAct) -> bool:
    return "match.bulk" in actions_of(user) if act.act == JudgingAct.Act.BULK else act.by == user.username
