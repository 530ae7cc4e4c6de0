"""Clerical samples: drawing one, labelling its pairs without knowing what became of them, and what the labels tell."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from muniment.core import audit
from muniment.core.models import User
from muniment.core.verdicts import Refused
from muniment.core.visits import actions_of, opens, visitor
from muniment.people.actions import sampling
from muniment.people.forms import DrawForm, LabelForm
from muniment.people.models import Label, ReservePair, Sample, SamplePair
from muniment.people.views import matches
from muniment.people.watching import samples, wording

_OF_PAIR = ("left__system__controller", "right__system__controller", "left__scope", "right__scope")


@opens("linkage.view")
def linkage_samples(request: HttpRequest) -> HttpResponse:
    """List the samples, the last first, and draw another."""
    assert isinstance(request.user, User)
    may_draw = "linkage.sample" in actions_of(request.user)
    form = DrawForm(request.POST or None)
    if request.method == "POST":
        drawn = _drawn(request, form)
        if drawn is not None:
            return redirect("linkage_sample", drawn.pk)
    audit.record(visitor(request), "linkage.samples")
    counted = Sample.objects.select_related("run").annotate(
        size=Count("pairs", distinct=True),
        labelled=Count("pairs", filter=Q(pairs__labels__isnull=False), distinct=True),
    )
    page = Paginator(counted.order_by("-pk"), 30).get_page(request.GET.get("page"))
    shown = {
        "page": page,
        "form": form,
        "may_draw": may_draw,
        "partitions": _partitions(),
        "page_title": "Clerical samples",
    }
    return TemplateResponse(request, "people/samples.html", shown)


def _partitions() -> list[str]:
    """Return the partitions of which the reader may see pairs to draw."""
    return sorted(set(ReservePair.objects.values_list("partition", flat=True).distinct()))


def _drawn(request: HttpRequest, form: DrawForm) -> Sample | None:
    if not form.is_valid():
        return None
    known = _partitions()
    asked = request.POST.get("partition", "")
    partition = asked if asked in known else next(iter(known), "policing")
    try:
        sample = sampling.draw(partition, form.cleaned_data["size"], by=visitor(request))
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(None, reason)
        return None
    messages.success(request, "The sample is drawn.")
    return sample


def _sample(key: int) -> Sample:
    found = Sample.objects.select_related("run").filter(pk=key).first()
    if found is None:
        raise Http404
    return found


@opens("linkage.view")
def linkage_sample(request: HttpRequest, key: int) -> HttpResponse:
    """Show what the labels of a sample tell, and lead to the pairs that wait for one."""
    assert isinstance(request.user, User)
    sample = _sample(key)
    audit.record(visitor(request), "linkage.sample", subject=f"sample {sample.pk}")
    name = request.user.username
    who = samples.labellers(sample)
    may_label = "match.judge" in actions_of(request.user) and (name in who or len(who) < sampling.LABELLERS)
    mine = samples.open_to(sample, name).count() if may_label else 0
    found = samples.results(sample)
    odd = samples.to_look_at(sample) if _may_look(request.user, sample) else []
    shown: dict[str, Any] = {
        "sample": sample,
        "results": found,
        "figures": [wording.figure(each) for each in found.figures],
        "groups": [(title, [wording.figure(each) for each in rows]) for title, rows in found.groups],
        "bands": [(line, wording.interval(line.interval)) for line in found.lines],
        "agreed": wording.percent(found.agreement.agreed) if found.agreement else "",
        "labellers": who,
        "to_label": mine,
        # Who is in the midst of it is not led by what the labels tell so far.
        "is_told": not (mine and name in who),
        "merged": [pair for pair, said in odd if said == Label.Said.DIFFERENT],
        "missed": [pair for pair, said in odd if said == Label.Said.SAME],
        "page_title": f"Clerical sample {sample.pk}",
    }
    return TemplateResponse(request, "people/sample.html", shown)


def _may_look(user: User, sample: Sample) -> bool:
    """Whether somebody may know what became of the pairs: who judges pairs, and has labelled theirs or is not to."""
    who = samples.labellers(sample)
    is_to_label = user.username in who or len(who) < sampling.LABELLERS
    return "match.judge" in actions_of(user) and not (is_to_label and samples.open_to(sample, user.username).exists())


@opens("match.judge")
def label_next(request: HttpRequest, key: int) -> HttpResponse:
    """Lead to the next pair of a sample that the reader has not labelled."""
    assert isinstance(request.user, User)
    sample = _sample(key)
    audit.record(visitor(request), "linkage.label_next", subject=f"sample {sample.pk}")
    pair = samples.open_to(sample, request.user.username).first()
    if pair is None:
        messages.success(request, "You have labelled every pair of this sample that you may see.")
        return redirect("linkage_sample", key)
    return redirect("label_pair", key, pair.place)


def _pair(sample: Sample, place: int) -> SamplePair:
    """Return a pair of a sample of which the reader may see both records."""
    found = samples.visible(SamplePair.objects.filter(sample=sample, place=place)).select_related(*_OF_PAIR).first()
    if found is None:
        raise Http404
    return found


@opens("match.judge")
def label_pair(request: HttpRequest, key: int, place: int) -> HttpResponse:
    """Show a pair side by side, without weight or outcome, and take what the reader says of it."""
    assert isinstance(request.user, User)
    sample = _sample(key)
    pair = _pair(sample, place)
    matches.pass_by_pair(request, pair.left, pair.right)
    form = LabelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sampling.label(pair, by=visitor(request), said=form.cleaned_data["said"])
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            return redirect("label_next", key)
    by = visitor(request)
    audit.record(by, "linkage.label_view", subject=f"nominals {pair.left_id} and {pair.right_id}")
    own = Label.objects.filter(pair=pair, by=by.name).first()
    left = samples.open_to(sample, by.name).count()
    return TemplateResponse(
        request,
        "people/label.html",
        {
            "sample": sample,
            "pair": pair,
            "form": form if form.is_bound else LabelForm(initial={"said": own.said} if own else None),
            "pairs": matches.side_by_side(pair.left, pair.right),
            "left": left,
            "page_title": f"Pair {pair.place} of sample {sample.pk}",
        },
    )


@opens("match.judge")
def sample_pair(request: HttpRequest, key: int, place: int) -> HttpResponse:
    """Show a pair of a sample with all that is known of it, to be judged, to who has labelled it or is not to."""
    assert isinstance(request.user, User)
    sample = _sample(key)
    pair = _pair(sample, place)
    if not _may_look(request.user, sample):
        audit.record(visitor(request), "linkage.label_first", subject=f"sample {sample.pk}")
        messages.error(request, "Label the whole sample first: you are not to know what became of a pair before.")
        return redirect("linkage_sample", key)
    return matches.show_pair(request, pair.left, pair.right)
