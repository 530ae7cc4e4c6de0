"""What falls due in ten years: a page for the board, and each of its tables as a file."""

import csv
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from muniment.core import audit, words
from muniment.core.models import BatchRun, User
from muniment.core.verdicts import Refused
from muniment.core.visits import opens, visitor
from muniment.retention.actions import foresee
from muniment.retention.foresight import counted, foresight_files, foresight_tables, foresight_workbook, workload
from muniment.retention.foresight.foreseen_tables import last_schedule
from muniment.retention.foresight.foresight_chart import charts, charts_beside
from muniment.retention.foresight.foresight_tables import Forecast
from muniment.retention.foresight.shown import Estimated, Table
from muniment.retention.forms.forecasts import BesideForm, ForesightForm
from muniment.retention.models import ForesightAsked


@dataclass(frozen=True)
class _Asked:
    """What a request asks for: the run, how it is narrowed, and what is said of it."""

    form: ForesightForm
    run: BatchRun
    reviewers: int
    pace: workload.Pace
    forecast: Forecast


@opens("foresight.view", purpose=False)
def falls_due(request: HttpRequest) -> HttpResponse:
    """Show what falls due in ten years, as far as the reader may see, and another schedule beside it."""
    return _page(request, BesideForm())


@opens("foresight.ask", purpose=False)
@require_POST
def ask_beside(request: HttpRequest) -> HttpResponse:
    """Ask the worker to put another schedule beside the one in force."""
    form = BesideForm(request.POST)
    if form.is_valid():
        try:
            foresee.ask(by=visitor(request), **form.cleaned_data)
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
        else:
            messages.success(request, "Asked for. It can be chosen under 'Beside' as soon as it is worked out.")
            return redirect("falls_due")
    return _page(request, form)


def _page(request: HttpRequest, beside: BesideForm) -> HttpResponse:
    asked = _asked(request)
    audit.record(visitor(request), "foresight.view", subject=f"run {asked.run.pk}" if asked else "")
    shown: dict[str, Any] = {"page_title": "What falls due"}
    if asked is None:
        return TemplateResponse(request, "retention/foresight_none.html", shown)
    last = last_schedule()
    shown |= {
        "form": asked.form,
        "beside": beside,
        "waiting": ForesightAsked.objects.order_by("-pk")[:5],
        "run": asked.run,
        "on": counted.first_day(asked.run),
        "until": counted.last_day(asked.run),
        "scope": scope(asked.form),
        "reviewers": asked.reviewers,
        "pace": asked.pace,
        "forecast": asked.forecast,
        "main": asked.forecast.tables[0],
        "work": asked.forecast.tables[1],
        "done": asked.forecast.tables[2],
        "rest": asked.forecast.tables[3:],
        "compared": asked.forecast.compared,
        "charts": charts(asked.forecast),
        "charts_beside": charts_beside(asked.forecast),
        "estimate": asked.forecast.estimated and foresight_tables.estimate_in_words(asked.forecast.estimated),
        "months": [(year.label, foresight_tables.by_month([year])) for year in asked.forecast.years],
        "slowest": foresight_tables.said_of(asked.forecast.slow.gone),
        "fastest": foresight_tables.said_of(asked.forecast.fast.gone),
        "is_later_scheduled": bool(last and asked.run.versions["schedule"] != last.run),
    }
    return TemplateResponse(
        request, "retention/foresight.html", shown, status=422 if asked.form.errors or beside.errors else 200
    )


@opens("foresight.view", purpose=False)
def falls_due_file(request: HttpRequest, table: str) -> HttpResponse:
    """Give one of the tables as a file: each row with its day, its policy, what it is of, and who was given it."""
    asked = _asked(request)
    found = _tables(asked.forecast).get(table) if asked else None
    if asked is None or found is None:
        raise Http404
    assert isinstance(request.user, User)
    of, found = scope(asked.form), foresight_workbook.split_out(found, Estimated)
    audit.record(visitor(request), "foresight.export", subject=f"run {asked.run.pk}", detail={"table": table, "of": of})
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="falls-due-{table}-{asked.run.versions["on"]}.csv"'
    written = csv.writer(answer)
    about = {
        "As on": asked.run.versions["on"],
        "Policy": asked.run.versions["policy"],
        "Other schedule": asked.run.versions["against"],
        "Other figures": foresight_workbook.how_other(asked.run, asked.forecast),
        "Figures of": of,
        "Given to": request.user.get_full_name() or request.user.username,
        "Given on": timezone.localdate().isoformat(),
        "Source": f"Muniment, forecast {asked.run.pk}",
    }
    written.writerow([*(head or "Name" for head in found.heads), *about])
    for row in found.rows:
        written.writerow([*row, *about.values()])
    return answer


@opens("foresight.view", purpose=False)
def falls_due_workbook(request: HttpRequest) -> HttpResponse:
    """Give every table as one workbook."""
    return _whole(request, "xlsx")


@opens("foresight.view", purpose=False)
def falls_due_open(request: HttpRequest) -> HttpResponse:
    """Give every table as one spreadsheet in the open format."""
    return _whole(request, "ods")


@opens("foresight.view", purpose=False)
def falls_due_pdf(request: HttpRequest) -> HttpResponse:
    """Give the charts and every table as a PDF."""
    return _whole(request, "pdf")


def _whole(request: HttpRequest, form: str) -> HttpResponse:
    asked = _asked(request)
    if asked is None:
        raise Http404
    assert isinstance(request.user, User)
    of, run = scope(asked.form), asked.run
    detail = {"table": "all", "form": form, "of": of}
    audit.record(visitor(request), "foresight.export", subject=f"run {run.pk}", detail=detail)
    name = request.user.get_full_name() or request.user.username
    about = foresight_workbook.About(asked.pace, asked.reviewers, of, name, timezone.localdate())
    answer = HttpResponse(
        foresight_files.made(form, run, asked.forecast, about), content_type=foresight_files.KINDS[form]
    )
    answer["Content-Disposition"] = f'attachment; filename="falls-due-{run.versions["on"]}.{form}"'
    return answer


def scope(form: ForesightForm) -> str:
    """Say what the figures are of."""
    wanted = form.wanted
    parts = [wanted.controller.name if wanted.controller else "every force and office whose records the reader may see"]
    parts += [f"records of the area {words.say('area', wanted.area)}"] if wanted.area else []
    parts += [f"people of {'no group' if wanted.group == '0' else f'group {wanted.group}'}"] if wanted.group else []
    return "; ".join(parts)


def _asked(request: HttpRequest) -> _Asked | None:
    """Return what is asked for; None while nothing has been foreseen."""
    pace = workload.pace(timezone.localdate())
    given = request.GET.copy()
    given.setdefault("reviewers", str(pace.reviewers))
    if given.get("run"):
        given["run"] = counted.latest_of(str(given["run"]))
    form = ForesightForm(given)
    form.is_valid()
    kept = counted.runs()
    chosen = form.cleaned_data.get("run")
    run = kept.filter(pk=int(chosen)).first() if chosen else kept.filter(versions__against="").first() or kept.first()
    if run is None:
        return None
    entered = form.cleaned_data.get("reviewers")
    reviewers = pace.reviewers if entered is None else entered
    return _Asked(form, run, reviewers, pace, foresight_tables.forecast(run, form.wanted, reviewers, pace))


def _tables(forecast: Forecast) -> dict[str, Table]:
    return {table.code: table for table in foresight_tables.every(forecast)}
