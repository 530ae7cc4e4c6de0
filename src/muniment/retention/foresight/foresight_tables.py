"""The tables of the forecast: the same on the page, in files for the board and on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from muniment.core.models import BatchRun
from muniment.retention.foresight import counted, estimated, workload
from muniment.retention.foresight.counted import Due, Split, Wanted, Year
from muniment.retention.foresight.estimated import Estimates, Told
from muniment.retention.foresight.shown import (
    BOTH,
    CHANGED,
    DUE,
    TURNED,
    Between,
    Table,
    Value,
    kind,
    month_of,
)
from muniment.retention.foresight.workload import Pace, Range

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Forecast:
    """All that is said of a run to somebody: tables, the years with their months, and the backlog."""

    tables: tuple[Table, ...]
    compared: tuple[Table, ...]  # with the other schedule; empty where there is none
    years: tuple[Year, ...]
    now: Due
    slow: workload.BurnDown
    fast: workload.BurnDown
    total: dict[str, int]
    months: tuple[Table, ...] = ()  # with the other schedule, month by month
    estimated: Told | None = None  # of how many, where the other schedule's figures are from a sample


def forecast(run: BatchRun, wanted: Wanted, reviewers: int, pace: Pace) -> Forecast:
    """Return everything that is said of a run, as far as whoever reads it may see."""
    found = counted.counts(run, wanted)
    first, last = counted.first_day(run), counted.last_day(run)
    years, now = counted.years(found, first, last), counted.overdue(found)
    ahead = counted.ahead(years, first)
    done = workload.a_month(reviewers, pace)
    slow, fast = (workload.burn_down(now.reviews, ahead, each) for each in (done.least, done.most))
    people, records = (found.filter(subject=subject) for subject in ("person", "record"))
    tables = (
        _by_year(now, years),
        _work(now, years, ahead, pace, (slow, fast)),
        _burnt_down(wanted, first, now.reviews, ahead),
        _split(
            "people-by-controller",
            "People by force or office",
            counted.split(people, "controller__name", years),
            years,
        ),
        _split("people-by-group", "People by group", counted.split(people, "group", years), years),
        _split(
            "records-by-controller",
            "Records by force or office",
            counted.split(records, "controller__name", years),
            years,
        ),
        _split("records-by-area", "Records by business area", counted.split(records, "area", years), years),
        _split("records-by-class", "Records by class", counted.split(records, "class_id", years), years),
        _stored(found, years),
        _apart(found),
    )
    whole = Forecast(tables, (), tuple(years), now, slow, fast, counted.in_all(found))
    return _beside(run, wanted, whole) if run.versions["against"] else whole


def _beside(run: BatchRun, wanted: Wanted, of: Forecast) -> Forecast:
    """Return a forecast with the other schedule of its run: as counted, or from a sample with intervals."""
    if run.versions.get("estimated"):
        found = Estimates(run, wanted)
        compared, monthly = estimated.tables(found, of.now, of.years)
        return replace(of, compared=compared, months=(monthly,), estimated=found.told)
    others = counted.counts(run, wanted, "other")
    there = counted.years(others, counted.first_day(run), counted.last_day(run))
    beside = _side_by_side((of.now, list(of.years)), (counted.overdue(others), there))
    months = _months_side_by_side(of.years, there)
    return replace(of, compared=(beside, *changes(run, wanted)), months=(months,))


def changes(run: BatchRun, wanted: Wanted) -> tuple[Table, ...]:
    """Return what the other schedule of a run changes: of people, of records, and what comes to something else."""
    return _changed(run, wanted, "person"), _changed(run, wanted, "record"), _turned(run, wanted)


def every(of: Forecast) -> tuple[Table, ...]:
    """Return every table of a forecast, month by month too."""
    return (*of.tables, by_month(of.years), *of.compared, *of.months)


def by_month(years: Sequence[Year]) -> Table:
    """Return what falls due month by month."""
    rows = [(month_of(month), *vars(due).values()) for year in years for month, due in year.months]
    return Table("by-month", "Month by month", ("Month", *DUE), tuple(rows))


def _by_year(now: Due, years: list[Year]) -> Table:
    rows = [("Overdue now", *vars(now).values()), *((year.label, *vars(year.due).values()) for year in years)]
    whole = sum((year.due for year in years), now)
    note = "Overdue now counts those too who wait for a person because a fact about them is not known."
    return Table("by-year", "What falls due", ("When", *DUE), (*rows, ("In all", *vars(whole).values())), note)


def _split(code: str, title: str, lines: list[Split], years: list[Year]) -> Table:
    heads = ("", "Overdue now", *(str(year.number) for year in years), "In all")
    return Table(code, title, heads, tuple((line.label, line.now, *line.years, line.total) for line in lines))


def _work(
    now: Due,
    years: list[Year],
    ahead: list[workload.Month],
    pace: Pace,
    burnt: tuple[workload.BurnDown, workload.BurnDown],
) -> Table:
    rows: list[tuple[Value, ...]] = [("Overdue now", now.reviews, _range(workload.hours(now.reviews, pace), 0), "", "")]
    left = {month.first: (burnt[1].left[at], burnt[0].left[at]) for at, month in enumerate(ahead)}
    shares = {month.first: month.share for month in ahead}
    for year in years:
        months = sum(shares[month] for month, _ in year.months)
        due = year.due.reviews
        least, most = left[year.months[-1][0]]
        rows.append(
            (
                year.label,
                due,
                _range(workload.hours(due, pace), 0),
                _range(workload.reviewers(due, months, pace), 1),
                _between(least, most, 0),
            )
        )
    heads = ("When", "Reviews", "Hours", "Reviewers for what falls due", "Waiting at its end")
    return Table("work", "Reviewers and hours", heads, tuple(rows))


def _burnt_down(wanted: Wanted, on: date, waits: int, ahead: Sequence[workload.Month]) -> Table:
    """Return what waited at the end of each month behind and what was decided in it, and what that pace comes to."""
    months = counted.behind(wanted, on)
    rows = [(month_of(each.first), each.waiting, each.decided) for each in months]
    note = (
        "It is counted with each forecast, of those whom you may see. The first month and the one that is not over"
        " count as far as they were."
    )
    done = next((each.decided for each in reversed(months) if each.decided and each.is_whole), 0)
    if done:
        gone = said_of(workload.burn_down(waits, ahead, done).gone)
        note += f" At the pace of the last whole month, {done:,} reviews, what waits is worked off {gone}."
    return Table(
        "worked-off", "What waited, and what was decided", ("Month", "Waiting at its end", "Decided"), tuple(rows), note
    )


def _range(of: Range, digits: int) -> Between:
    return _between(of.least, of.most, digits or int(of.most < 10))


def _between(least: float, most: float, digits: int) -> Between:
    low, high = f"{least:,.{digits}f}", f"{most:,.{digits}f}"
    found = Between(low if low == high else f"{low} to {high}")
    found.least, found.most = round(least, 2), round(most, 2)
    return found


def _stored(found: counted.Counts, years: list[Year]) -> Table:
    rows = [
        (line.label, line.by_clock / MEGABYTE, line.by_review / MEGABYTE, line.measured, line.records - line.measured)
        for line in counted.stored(found, years)
    ]
    heads = ("When", "By the clock, MB", "For a person, MB", "Records measured", "Size not known")
    note = (
        "Measured is the encrypted text that is kept of a record: narratives and originals, a megabyte being a million"
        " bytes. What sources keep, paper, and rows and indexes of the database are not in it."
    )
    return Table("storage", "Storage", heads, tuple(rows), note)


def _apart(found: counted.Counts) -> Table:
    rows = tuple((each.label, each.people, each.records) for each in counted.apart(found))
    return Table("apart", "What no month holds", ("", "People", "Records"), rows)


def _months_side_by_side(here: Sequence[Year], there: Sequence[Year]) -> Table:
    pairs = zip(here, there, strict=True)
    lines = [
        (month_of(month), one, two)
        for year, other in pairs
        for (month, one), (_, two) in zip(year.months, other.months, strict=True)
    ]
    return Table("side-by-side-months", "Side by side, month by month", BOTH, tuple(_pair(*line) for line in lines))


def _side_by_side(here: tuple[Due, list[Year]], there: tuple[Due, list[Year]]) -> Table:
    lines = [("Overdue now", here[0], there[0])]
    lines += [(one.label, one.due, two.due) for one, two in zip(here[1], there[1], strict=True)]
    return Table("side-by-side", "Side by side", BOTH, tuple(_pair(*line) for line in lines))


def _pair(label: str, one: Due, two: Due) -> tuple[Value, ...]:
    both = zip(vars(one).values(), vars(two).values(), strict=True)
    return (label, *(value for pair in both for value in pair))


def _changed(run: BatchRun, wanted: Wanted, subject: str) -> Table:
    lines = counted.changed(run, wanted, subject)
    rows = tuple((one.label, one.now, one.other, one.earlier, one.later, one.otherwise) for one in lines)
    code, title, heads = CHANGED[subject]
    note = (
        "Due is what is overdue or falls due within these years. Earlier and later count the whole of what is held;"
        " what nothing changes for is left out."
    )
    return Table(code, title, heads, rows, note)


def _turned(run: BatchRun, wanted: Wanted) -> Table:
    rows = tuple(
        ("People" if one.subject == "person" else "Records", kind(one.from_), kind(one.to), one.number)
        for one in counted.turned(run, wanted)
    )
    return Table(*TURNED, rows)


def said_of(gone: date | None) -> str:
    """Say when a backlog is worked off."""
    return f"by the end of {gone:%B %Y}" if gone else "never within these ten years"


def estimate_in_words(told: Told) -> str:
    """Say that the figures of the other schedule are an estimate, from how many, and what the interval means."""
    return (
        f"Estimate, not counted: the figures of the other schedule are from a sample, {told.words}, decided under both"
        " schedules. Each stands with an interval that holds the true figure in 95 of 100 such samples; figures in"
        " force are counted. No decision and no disposal rests on an estimate."
    )
