"""Runs of linkage: what each made, how far it has moved from the last, and the release of one that waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from muniment.batch.matching.policy import in_force
from muniment.core import audit, content, words
from muniment.core.models import BatchRun, User
from muniment.core.visits import actions_of, carry_out, opens, visitor
from muniment.engine.matching.bands import bands
from muniment.engine.matching.rules import REASONS
from muniment.people.actions import release as releasing
from muniment.people.forms import ReleaseForm
from muniment.people.models import RunFigures
from muniment.people.watching import charts, drift, examples, holding, samples
from muniment.people.watching.runs import state_of

POLICING = "policing"
FEWEST = 10  # nominals of a group below which its shares would tell of single people
STATES = {
    "done": ("Published", "green"),
    "held": ("Waits for its release", "red"),
    "released": ("Released, published by the next run", "orange"),
    "published": ("Published by a later run", "grey"),
    "replaced": ("Another took its place", "grey"),
}


@dataclass(frozen=True)
class RunLine:
    """A run in the list, with what the reader may see of one partition."""

    run: BatchRun
    state: tuple[str, str]
    figures: Mapping[str, Any]

    @property
    def joined(self) -> float:
        """The share of nominals that are joined with another, in hundredths."""
        return _joined(self.figures)


def _runs() -> QuerySet[BatchRun]:
    return BatchRun.objects.filter(kind="resolve").exclude(figures=None).select_related("hold__settled_by")


def _joined(figures: Mapping[str, Any]) -> float:
    nominals = figures.get("nominals", 0)
    return 100 * (nominals - figures["prime_records"]) / nominals if nominals else 0.0


def partitions(run: BatchRun | None, asked: str) -> tuple[str, list[str]]:
    """Return the partition to show, the one that is asked for if the reader may see it, and all that they may see."""
    known = list(RunFigures.objects.filter(run=run).order_by("partition").values_list("partition", flat=True))
    first = POLICING if POLICING in known or not known else known[0]
    return (asked if asked in known else first), known


@opens("linkage.view")
def linkage_runs(request: HttpRequest) -> HttpResponse:
    """List the runs, the last first, with what they made."""
    audit.record(visitor(request), "linkage.runs")
    shown, known = partitions(_runs().order_by("-pk").first(), request.GET.get("partition", ""))
    page = Paginator(_runs().order_by("-pk"), 30).get_page(request.GET.get("page"))
    figures = dict(RunFigures.objects.filter(run__in=list(page), partition=shown).values_list("run", "figures"))
    lines = [RunLine(run, STATES[state_of(run)], figures.get(run.pk, {})) for run in page]
    waits = holding.waiting()
    return TemplateResponse(
        request,
        "people/linkage.html",
        {
            "page": page,
            "lines": lines,
            "partition": shown,
            "partitions": known,
            "waits": waits if waits and waits.released_at is None else None,
            "page_title": "Linkage",
        },
    )


def _found(key: int) -> BatchRun:
    found = _runs().filter(pk=key).first()
    if found is None:
        raise Http404
    return found


@opens("linkage.view")
def linkage_run(request: HttpRequest, key: int) -> HttpResponse:
    """Show what a run made beside the last, what has moved, and, where it waits, what it would change."""
    run = _found(key)
    audit.record(visitor(request), "linkage.run", subject=f"run {run.pk}")
    return _page(request, run, ReleaseForm())


def _page(request: HttpRequest, run: BatchRun, form: ReleaseForm) -> HttpResponse:
    assert isinstance(request.user, User)
    shown, known = partitions(run, request.GET.get("partition", ""))
    kept = RunFigures.objects.filter(run=run, partition=shown).first()
    figures: dict[str, Any] = kept.figures if kept else {}
    moved = drift.of_run(run, shown, figures) if figures else None
    before = RunFigures.objects.filter(run=moved.last, partition=shown).first() if moved and moved.last else None
    last = before.figures if before else None
    hold = getattr(run, "hold", None)
    return TemplateResponse(
        request,
        "people/linkage_run.html",
        {
            "run": run,
            "state": STATES[state_of(run)],
            "hold": hold,
            "held_reason": content.shown(hold.reason) if hold else "",
            "is_beyond": figures.get("changed", 0) > figures.get("may_change", 0),
            "examples": examples.of_hold(hold) if hold else [],
            "form": form,
            "may_release": "linkage.release" in actions_of(request.user) and hold and state_of(run) == "held",
            "partition": shown,
            "partitions": known,
            "figures": figures,
            "made": _made(figures, last),
            "moved": moved,
            "charts": [
                each
                for each in (charts.weights(figures, bands(samples.points_of(run))), charts.sizes(figures, last))
                if each
            ],
            "missing": _missing(figures, last),
            "stopped": _stopped(figures),
            "groups": _groups(figures),
            "limits": in_force().watching,
            "points": f"{100 * in_force().watching.share_look:g}",
            "page_title": f"Run {run.pk}",
        },
    )


_MADE = {
    "nominals": "Nominals",
    "prime_records": "Prime records",
    "waiting": "Pairs for a person",
    "candidates": "Pairs that share a key",
    "changed": "Prime records whose members change",
    "made": "Prime records made",
    "retired": "Prime records retired",
    "revived": "Prime records revived",
    "moved": "Nominals given to a prime record or moved to another",
}


def _made(figures: Mapping[str, Any], last: Mapping[str, Any] | None) -> list[tuple[str, str, str]]:
    """Return what the run made, beside the last."""
    before = last or {}
    rows = [(title, _number(figures.get(name)), _number(before.get(name))) for name, title in _MADE.items()]
    share = ["Nominals joined with another", *(f"{_joined(each):.1f} %" if each else "" for each in (figures, before))]
    largest = ["Nominals of the largest prime record", *(_largest(each) for each in (figures, before))]
    return [*rows[:2], (share[0], share[1], share[2]), (largest[0], largest[1], largest[2]), *rows[2:]]


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _largest(figures: Mapping[str, Any]) -> str:
    held = figures.get("sizes") or {}
    return f"{max(map(int, held)):,}" if held else ""


def _missing(figures: Mapping[str, Any], last: Mapping[str, Any] | None) -> list[tuple[str, float, float | None]]:
    """Return for each feature the share of nominals without it, in hundredths, now and in the last run."""
    rows = []
    for feature, lacking in figures.get("missing", {}).items():
        before = 100 * last["missing"].get(feature, 0) / last["nominals"] if last and last["nominals"] else None
        rows.append((words.say("feature", feature), 100 * lacking / (figures["nominals"] or 1), before))
    return sorted(rows, key=lambda row: -row[1])


def _stopped(figures: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return how many pairs at the automatic point or above each hard rule keeps from being joined by themselves."""
    counts: dict[str, int] = {}
    for row in figures.get("weights", ()):
        if row["band"] == "forbidden":
            counts[row["blocked_by"]] = counts.get(row["blocked_by"], 0) + row["pairs"]
    return sorted(((REASONS.get(rule, rule), pairs) for rule, pairs in counts.items()), key=lambda row: -row[1])


def _groups(figures: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, int, float, float]]]]:
    """Return by kind of group the nominals of each with the shares that are joined and that wait, in hundredths."""
    titles = {"ethnicity": "By recorded ethnicity", "origin": "By origin of name"}
    told = []
    for kind, title in titles.items():
        rows = [
            (words.say("ethnicity", code) if code else "Not known", each["nominals"], *_shares(each))
            for code, each in figures.get("groups", {}).get(kind, {}).items()
            if each["nominals"] >= FEWEST
        ]
        told.append((title, sorted(rows, key=lambda row: -row[1])))
    return [each for each in told if each[1]]


def _shares(group: Mapping[str, int]) -> tuple[float, float]:
    return 100 * group["joined"] / group["nominals"], 100 * group["waiting"] / group["nominals"]


@require_POST
@opens("linkage.release")
def release_run(request: HttpRequest, key: int) -> HttpResponse:
    """Release a run that waits."""
    run, form = _found(key), ReleaseForm(request.POST)
    hold = getattr(run, "hold", None)
    if hold is None:
        raise Http404
    if not form.is_valid() and state_of(run) == "held":
        return _page(request, run, form)
    release = partial(releasing.release, hold, by=visitor(request), reason=form.cleaned_data.get("reason", ""))
    carry_out(request, release, "Released. The next run publishes what this one would have changed.")
    return redirect("linkage_run", key)
