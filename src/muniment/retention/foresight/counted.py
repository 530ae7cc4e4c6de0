"""What falls due in years to come, as a run of the forecast counted it and as far as the reader may see."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet, Sum

from muniment.core import words
from muniment.core.models import BatchRun, Controller
from muniment.engine.values.dates import add_months
from muniment.retention.foresight.workload import Month
from muniment.retention.models import ForeseenCount, KeptBacklog

KIND = "foresight"
Counts = QuerySet[ForeseenCount]
NOW = ("overdue", "undated")  # what is overdue, and what lacks a fact and so waits for a person already
COMES = ("review", "dispose", "archive")  # what falls due; the rest is shown apart
CLOCK = ("dispose", "archive")


@dataclass(frozen=True)
class Wanted:
    """What a reader narrows the forecast to; nothing of it is everything that they may see."""

    controller: Controller | None = None
    area: str = ""
    group: str = ""  # 1 | 2 | 3 | 0 for none


@dataclass(frozen=True)
class Due:
    """What falls due at a time: people for review and by the clock, records for a person and by the clock."""

    reviews: int = 0
    people_by_clock: int = 0
    records_reviewed: int = 0
    records_by_clock: int = 0

    def __add__(self, other: "Due") -> "Due":
        return Due(*(one + two for one, two in zip(vars(self).values(), vars(other).values(), strict=True)))


@dataclass(frozen=True)
class Year:
    """A calendar year of the forecast: its months, each by its first day."""

    label: str
    number: int
    months: tuple[tuple[date, Due], ...]
    due: Due


@dataclass(frozen=True)
class Split:
    """One line of a table: overdue now, then year by year."""

    code: str
    label: str
    now: int
    years: tuple[int, ...]

    @property
    def total(self) -> int:
        """Everything that is due now or within the forecast."""
        return self.now + sum(self.years)


@dataclass(frozen=True)
class Apart:
    """What falls due at no time within the forecast, or not without somebody else: people and records."""

    label: str
    people: int
    records: int


@dataclass(frozen=True)
class Stored:
    """Encrypted content of records that fall due at a time, in bytes, and how many of the records are measured."""

    label: str
    by_clock: int
    by_review: int
    records: int
    measured: int


@dataclass(frozen=True)
class Changed:
    """What another schedule changes for a group of people or a class of records."""

    label: str
    now: int
    other: int
    earlier: int
    later: int
    otherwise: int  # comes to something else


@dataclass(frozen=True)
class Turned:
    """How many come to something else under another schedule: from what, to what."""

    subject: str
    from_: str
    to: str
    number: int


def runs() -> QuerySet[BatchRun]:
    """Return the runs whose counts are kept, the newest first."""
    return BatchRun.objects.filter(kind=KIND, state="done").order_by("-pk")


def latest_of(key: str) -> str:
    """Return the key of a run, or of the one that has taken its place: exact figures that of an estimate."""
    run = BatchRun.objects.filter(kind=KIND, state="replaced", pk=int(key)).first() if key.isdecimal() else None
    later = runs().filter(versions__against=run.versions["against"]).first() if run else None
    return str(later.pk) if later else key


def counts(run: BatchRun, wanted: Wanted, side: str = "now") -> Counts:
    """Return the counts of one side of a run that fit what is wanted.

    A group narrows people, an area records: a person has no area of their own, nor a record a group.
    """
    found = ForeseenCount.objects.filter(run=run, side=side)
    if wanted.controller:
        found = found.filter(controller=wanted.controller)
    if wanted.area:
        found = found.filter(Q(subject="person") | Q(area=wanted.area))
    if wanted.group:
        found = found.filter(Q(subject="record") | Q(group=int(wanted.group) or None))
    return found


@dataclass(frozen=True)
class Behind:
    """A month behind, or the one that has begun: what waited at its end, what was decided, and whether all is known."""

    first: date
    waiting: int
    decided: int
    is_whole: bool


def behind(wanted: Wanted, on: date) -> list[Behind]:
    """Return the months behind, from the first of which a day was kept, as far as its reviews fit what is wanted."""
    kept = KeptBacklog.objects.filter(made_on__lte=on)
    if wanted.controller:
        kept = kept.filter(controller=wanted.controller)
    if wanted.group:
        kept = kept.filter(group=int(wanted.group) or None)
    waiting: dict[date, int] = {}
    decided: dict[date, int] = defaultdict(int)
    for day, waits, done in kept.values_list("made_on").annotate(Sum("waiting"), Sum("decided")).order_by("made_on"):
        month = day.replace(day=1)
        waiting[month] = waits
        decided[month] += done
    begun, now = min(waiting, default=None), on.replace(day=1)  # of the first month only a part was counted
    return [Behind(month, waits, decided[month], month not in {begun, now}) for month, waits in waiting.items()]


def first_day(run: BatchRun) -> date:
    """Return the day that a run looks ahead from."""
    return date.fromisoformat(run.versions["on"])


def last_day(run: BatchRun) -> date:
    """Return the last day that a run looks at."""
    return date.fromisoformat(run.versions["until"])


def overdue(found: Counts) -> Due:
    """Return what is due already."""
    rows = found.filter(term__in=NOW, kind__in=COMES, under_way=False).values_list("subject", "kind")
    return sum((_due(*row) for row in rows.annotate(Sum("number"))), Due())


def years(found: Counts, first: date, last: date) -> list[Year]:
    """Return what falls due by calendar year and month, between two days; months without anything too."""
    by_month: dict[date, Due] = defaultdict(Due)
    rows = found.filter(term="ahead", kind__in=COMES, under_way=False).values_list("month", "subject", "kind")
    for month, subject, kind, number in rows.annotate(Sum("number")):
        by_month[month] += _due(subject, kind, number)
    by_year: dict[int, list[tuple[date, Due]]] = defaultdict(list)
    for month in months_between(first, last):
        by_year[month.year].append((month, by_month[month]))
    return [
        Year(year_label(number, first, last), number, tuple(months), sum((due for _, due in months), Due()))
        for number, months in by_year.items()
    ]


def months_between(first: date, last: date) -> Iterator[date]:
    """Yield the first day of every month from that of one day to that of another."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = add_months(month, 1)


def year_label(number: int, first: date, last: date) -> str:
    """Say a year, and where it is not whole after which day or until when."""
    if number == first.year:
        return f"{number} after {first.day} {first:%B}"
    return f"{number} to {last:%B}" if number == last.year and last.month < 12 else str(number)


def _due(subject: str, kind: str, number: int) -> Due:
    if subject == "person":
        return Due(reviews=number) if kind == "review" else Due(people_by_clock=number)
    return Due(records_reviewed=number) if kind == "review" else Due(records_by_clock=number)


def split(found: Counts, by: str, of: list[Year]) -> list[Split]:
    """Split what falls due by a field, what is most first: `controller__name`, `area`, `group` or `class_id`."""
    seen: dict[object, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    rows = found.filter(kind__in=COMES, term__in=[*NOW, "ahead"], under_way=False).values_list(by, "month")
    for key, month, number in rows.annotate(Sum("number")):
        seen[key][month.year if month else 0] += number
    lines = [
        Split(str(key or ""), label(by, key), numbers[0], tuple(numbers[year.number] for year in of))
        for key, numbers in seen.items()
    ]
    return sorted(lines, key=lambda line: (-line.total, line.label))


def label(by: str, key: object) -> str:
    """Say a group, an area or a class, or whatever else it is split by."""
    if by == "group":
        return f"Group {key}" if key else "No group"
    if by == "area":
        return words.say("area", key) if key else "None"
    if by == "class_id":
        return words.class_title(str(key)) if key else "No class"
    return str(key)


def apart(found: Counts) -> list[Apart]:
    """Return everything that no table of what falls due holds, so that together they are all there is."""
    seen: dict[str, dict[str, int]] = {}
    for label, condition in _APART:
        rows = found.filter(condition).values_list("subject").annotate(Sum("number"))
        seen[label] = dict(rows)
    return [Apart(label, numbers.get("person", 0), numbers.get("record", 0)) for label, numbers in seen.items()]


_GOES = Q(kind__in=COMES)
_APART = (
    ("Escalated: a period and a duty to destroy contradict each other", Q(kind="escalate")),
    ("Stopped by a hold", Q(kind="hold")),
    ("A disposal is proposed or under way", Q(under_way=True) & _GOES),
    ("Kept without an end that is known", Q(kind="retain", term="open")),
    ("The day moves on before it comes", Q(kind="retain", term__in=[*NOW, "ahead"])),
    ("Due after these ten years", Q(term="later", under_way=False) & (_GOES | Q(kind="retain"))),
)


def stored(found: Counts, of: list[Year]) -> list[Stored]:
    """Return how much content falls due, now and by year."""
    seen: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    rows = found.filter(subject="record", kind__in=COMES, term__in=[*NOW, "ahead"]).values_list("month", "kind")
    for month, kind, size, number, measured in rows.annotate(Sum("bytes"), Sum("number"), Sum("measured")):
        line = seen[month.year if month else 0]
        line[0 if kind in CLOCK else 1] += size or 0
        line[2] += number
        line[3] += measured
    return [Stored(label, *seen[number]) for number, label in [(0, "Overdue now"), *((y.number, y.label) for y in of)]]


def ahead(of: list[Year], first: date) -> list[Month]:
    """Return the reviews of people month by month, as `workload` takes them."""
    days = monthrange(first.year, first.month)[1]
    left = days - first.day  # what falls due today is overdue already
    return [
        Month(month, left / days if month <= first else 1.0, due.reviews) for year in of for month, due in year.months
    ]


def in_all(found: Counts) -> dict[str, int]:
    """Return how many decisions are counted, by subject."""
    return dict(found.values_list("subject").annotate(Sum("number")))


def changed(run: BatchRun, wanted: Wanted, subject: str) -> list[Changed]:
    """Return what another schedule changes, of people by group and of records by class, what changes most first."""
    by = "group" if subject == "person" else "class_id"
    totals: dict[object, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for place, side in enumerate(("now", "other")):
        due = counts(run, wanted, side).filter(subject=subject, kind__in=COMES, term__in=[*NOW, "ahead"])
        for key, number in due.values_list(by).annotate(Sum("number")):
            totals[key][place] += number
    rows = counts(run, wanted, "change").filter(subject=subject).values_list(by, "moved", "kind", "kind_other")
    for key, moved, kind, other, number in rows.annotate(Sum("number")):
        line = totals[key]
        line[2] += number if moved in ("earlier", "dated") else 0
        line[3] += number if moved in ("later", "undated") else 0
        line[4] += number if kind != other else 0
    lines = [Changed(label(by, key), *numbers) for key, numbers in totals.items() if any(numbers[2:])]
    return sorted(lines, key=lambda line: (-(line.earlier + line.later + line.otherwise), line.label))


def turned(run: BatchRun, wanted: Wanted) -> list[Turned]:
    """Return how many would come to something else, most first."""
    rows = counts(run, wanted, "change").values_list("subject", "kind", "kind_other").annotate(Sum("number"))
    found = [Turned(*row) for row in rows if row[1] != row[2]]
    return sorted(found, key=lambda each: (-each.number, each.subject, each.from_, each.to))
