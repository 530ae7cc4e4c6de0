"""Whom and what an adoption that waits would move, one by one: what a second person looks at before completing it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from muniment.core import audit, words, work_files
from muniment.core.models import BatchRun, RuleAdoption, User
from muniment.core.visits import opens, visitor
from muniment.retention.actions import adopting, effects
from muniment.retention.foresight import counted, moved, shown
from muniment.retention.foresight.moved import Line
from muniment.retention.forms.forecasts import MovesForm
from muniment.retention.policies import policy_now
from muniment.retention.views import open_to
from muniment.retention.views.adoptions import found_adoption

PAGE = 50
MOST_IN_FILE = 10_000
_HEADS = (
    "Reference",
    "System",
    "People",
    "Class",
    "Group",
    "Due, in force",
    "Comes to, in force",
    "Rule, in force",
    "Due, with it",
    "Comes to, with it",
    "Rule, with it",
    "How it moves",
    "Why it stands here",
    "Why a person looks",
    "Review that waits",
)
_ABOUT = ("As on", "Policy", "Worked out", "Adoption", "Given to", "Given on")


@opens(adopting.ADOPT)
def adoption_moves(request: HttpRequest, reference: str) -> HttpResponse:
    """List whom and what an adoption moves, in the order in which to look."""
    found, run, form = _asked(request, reference)
    shown, after = _page(request, found, run, form, PAGE)
    audit.record(visitor(request), "schedule.moves", subject=found.reference, detail=_narrowed(form))
    told: dict[str, Any] = {
        "adoption": found,
        "run": run,
        "form": form,
        "lines": moved.lines(shown, policy_now.policy()),
        "next": after,
        "is_first": "after" not in request.GET,
        "numbers": _numbers(found, run),
        "most_in_file": MOST_IN_FILE,
        "page_title": f"What {found.reference} moves",
    }
    return TemplateResponse(request, "retention/moves.html", told, status=422 if form.errors else 200)


@opens(adopting.ADOPT)
def adoption_moves_file(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the list, as it is narrowed and from where it stands, as a file."""
    found, run, form = _asked(request, reference)
    shown, _ = _page(request, found, run, form, MOST_IN_FILE)
    detail = {**_narrowed(form), "rows": len(shown)}
    audit.record(visitor(request), "schedule.moves_file", subject=found.reference, detail=detail)
    assert isinstance(request.user, User)
    about = (
        run.versions["on"],
        run.versions["policy"],
        words.moment(run.started_at),
        found.reference,
        request.user.get_full_name() or request.user.username,
        timezone.localdate().isoformat(),
    )
    rows = (row + about for row in _rows(moved.lines(shown, policy_now.policy())))
    return work_files.response(f"{found.reference}-moves", (*_HEADS, *_ABOUT), rows)


def _asked(request: HttpRequest, reference: str) -> tuple[RuleAdoption, BatchRun, MovesForm]:
    """Return an adoption that waits, the run that worked out what it moves, and how the list is narrowed.

    Raises Http404 where it does not wait or is not worked out yet: the adoption's page says which.
    """
    found = found_adoption(reference)
    adopting.may(found.controller, visitor(request)).require()
    run = effects.run_of(found) if found.waits else None
    if run is None:
        raise Http404
    change = counted.counts(run, counted.Wanted(found.controller), "change")
    classes = change.filter(subject="record").values_list("class_id", flat=True).distinct()
    return found, run, MovesForm(request.GET, classes=[each for each in classes if each])


def _page(request: HttpRequest, found: RuleAdoption, run: BatchRun, form: MovesForm, size: int) -> Any:
    every = effects.moved(found, run)
    page = moved.page(moved.narrowed(every, form.narrow, found.start), every, request.GET.get("after", ""), size)
    moves = page[0]
    of, told = [each.prime_id for each in moves], [each.record_id for each in moves]
    open_to.pass_by(request, found.reference, of=of, told=told)
    return page


def _numbers(found: RuleAdoption, run: BatchRun) -> dict[str, int]:
    """Return how many people and records move, and how many of both would go by themselves and did not.

    They are those whom the reader might see when it was worked out.
    """
    change = counted.counts(run, counted.Wanted(found.controller), "change")
    going = change.filter(kind_other__in=counted.CLOCK).exclude(kind__in=counted.CLOCK)
    goes = going.aggregate(number=Sum("number"))["number"] or 0
    return {"person": 0, "record": 0, "goes": goes} | dict(change.values_list("subject").annotate(Sum("number")))


def _narrowed(form: MovesForm) -> dict[str, str]:
    return {name: value for name, value in vars(form.narrow).items() if value}


def _rows(lines: list[Line]) -> Iterator[tuple[str, ...]]:
    for each in lines:
        move = each.move
        more = (f"and {each.more} more",) if each.more else ()
        yield (
            each.reference,
            each.system,
            "; ".join((*each.people, *more)),
            words.class_title(move.class_id) if move.class_id else "",
            str(move.group or ""),
            _day(move.due),
            shown.kind(move.kind),
            words.class_title(move.rule) if move.rule else "",
            _day(move.due_other),
            shown.kind(move.kind_other),
            words.class_title(move.rule_other) if move.rule_other else "",
            each.how,
            each.looked,
            "; ".join(each.why),
            each.review,
        )


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""
