"""The tables of another schedule from a sample: beside each figure between which numbers it lies."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor
from typing import Any

from django.db.models import Sum

from muniment.core.models import BatchRun, Controller
from muniment.retention.foresight import counted
from muniment.retention.foresight.counted import CLOCK, COMES, NOW, Due, Wanted, Year
from muniment.retention.foresight.estimating import Both, Estimate, Stratum, total, under_the_other
from muniment.retention.foresight.shown import BOTH, CHANGED, TURNED, Estimated, Table, Value, kind, month_of

_NOTE = (
    "Estimated: in brackets between which numbers each figure lies in 95 of 100 such samples. What is in force is"
    " counted, not estimated."
)
_LEFT_OUT = " Whatever had nothing drawn of it that changes is left out."
_COLUMNS = {("person", True): 0, ("person", False): 1, ("record", True): 2, ("record", False): 3}
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Told:
    """How many of those whom the reader sees are drawn: decisions about people and about records."""

    people: int
    records: int
    of_people: int
    of_records: int

    @property
    def words(self) -> str:
        """Say of how many, and of how many that is."""
        pairs = ((self.people, self.of_people, "people"), (self.records, self.of_records, "records"))
        parts = [f"{drawn:,} of {every:,} about {what}" for drawn, every, what in pairs if every]
        return f"of the decisions that it can change {' and '.join(parts)}" if parts else "of which you see nothing"


@dataclass
class _Strata:
    """Numbers by subject and stratum, of all and of those drawn, and of each figure how many are in it."""

    whole: dict[str, dict[Key, int]] = field(default_factory=lambda: {"person": {}, "record": {}})
    drawn: dict[str, dict[Key, int]] = field(default_factory=lambda: {"person": {}, "record": {}})
    found: dict[Key, dict[Key, Both]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Both)))
    hits: dict[Key, dict[Key, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def of(self, subject: str, by: Any = None, *, only: bool = False) -> dict[Key, Stratum]:
        """Return the strata of a subject, or of those of one group or class alone."""
        return {
            key: Stratum(whole, self.drawn[subject].get(key, 0))
            for key, whole in self.whole[subject].items()
            if not only or key[1] == by
        }


class Estimates:
    """What is estimated of a run, as far as whoever reads it may see those who are drawn and those who are counted."""

    def __init__(self, run: BatchRun, wanted: Wanted) -> None:
        """Read what is counted and what is drawn, once."""
        self.relabels = bool(run.versions.get("relabels"))
        touched = run.versions["estimated"]
        self.touched = {
            subject: set(Controller.objects.filter(code__in=touched[subject]).values_list("pk", flat=True))
            for subject in ("person", "record")
        }
        self.numbers = {"person": [0, 0], "record": [0, 0]}  # drawn, and of how many
        self.plain, self.fine = _Strata(), _Strata()
        self.by: dict[str, set[Any]] = {"person": set(), "record": set()}
        for row in _rows(counted.counts(run, wanted, "now"), *_NOW):
            self._count(*row)
        for row in _rows(counted.counts(run, wanted, "sample"), *_NOW, *_OTHER):
            self._draw(*row)
        self.strata = {subject: self.plain.of(subject) for subject in ("person", "record")}
        people, records = self.numbers["person"], self.numbers["record"]
        self.told = Told(people[0], records[0], people[1], records[1])

    def _count(self, *row: Any) -> None:
        subject, controller, group, class_id, term, month, code, under_way, number = row
        by = group if subject == "person" else class_id
        # Of whom nothing can change it is known what they come to, as if they were drawn to the last.
        known = 0 if controller in self.touched[subject] else number
        self.numbers[subject][1] += number - known
        for strata, key in self._strata(subject, controller, by):
            strata.whole[subject][key] = strata.whole[subject].get(key, 0) + number
            strata.drawn[subject][key] = strata.drawn[subject].get(key, 0) + known
        found = [
            self.plain.found[name][_plain(subject, controller, by)]
            for name in _figures(subject, term, month, code, under_way)
        ]
        if due := _due(subject, by, term, code):
            found.append(self._both(due, subject, controller, by))
        for both in found:
            both.whole += number
            _add(both, True, True, known)

    def _draw(self, *row: Any) -> None:
        subject, controller, group, class_id, term, month, code, under_way, *other, number = row
        group_other, class_other, term_other, month_other, code_other, moved = other
        by, by_other = (group, group_other) if subject == "person" else (class_id, class_other)
        plain = _plain(subject, controller, by)
        self.numbers[subject][0] += number
        for strata, key in self._strata(subject, controller, by):
            strata.drawn[subject][key] = strata.drawn[subject].get(key, 0) + number
        one = {*_figures(subject, term, month, code, under_way)}
        two = {*_figures(subject, term_other, month_other, code_other, under_way)}
        for name in one | two:
            _add(self.plain.found[name][plain], name in one, name in two, number)
        here, there = _due(subject, by, term, code), _due(subject, by_other, term_other, code_other)
        for name in {here, there} - {()}:
            _add(self._both(name, subject, controller, by), name == here, name == there, number)
        self.by[subject] |= {by} if moved != "same" or code != code_other else set()
        for hit, change in (
            (moved in ("earlier", "dated"), "earlier"),
            (moved in ("later", "undated"), "later"),
            (code != code_other, "otherwise"),
        ):
            self.fine.hits[change, subject, by][controller, by] += number if hit else 0
        if code != code_other:
            self.plain.hits[subject, code, code_other][plain] += number

    def _strata(self, subject: str, controller: int, by: Any) -> Iterator[tuple[_Strata, Key]]:
        yield self.plain, _plain(subject, controller, by)
        yield self.fine, (controller, by)

    def _both(self, name: Key, subject: str, controller: int, by: Any) -> Both:
        """Return where those due of one group or class are counted: there alone, where none can come from another."""
        if self.relabels:
            return self.plain.found[name][_plain(subject, controller, by)]
        return self.fine.found[name][controller, by]

    def due(self, name: Key) -> Estimate:
        """Return how many of a figure, such as the reviews of a year, there are under the other schedule."""
        subject = "person" if name[-1] < 2 else "record"
        return under_the_other(self.strata[subject], self.plain.found.get(name, {}))

    def due_by(self, subject: str, by: Any) -> tuple[int, Estimate]:
        """Return how many of a group or class are due in force, and under the other schedule."""
        strata = self.plain if self.relabels else self.fine
        found = strata.found.get(("due", subject, by), {})
        known = sum(each.whole for each in found.values())
        return known, under_the_other(strata.of(subject, by, only=not self.relabels), found)

    def changes(self, name: str, subject: str, by: Any) -> Estimate:
        """Return how many of a group or class come earlier, later or to something else."""
        strata = self.fine.of(subject, by, only=True)
        hits = self.fine.hits.get((name, subject, by), {})
        return total([*strata.values()], [hits.get(key, 0) for key in strata])

    def turned(self) -> list[tuple[Key, Estimate]]:
        """Return what would come to something else, from what to what, most first."""
        found = []
        for (subject, one, two), hits in self.plain.hits.items():
            strata = self.strata[subject]
            found.append(((subject, one, two), total([*strata.values()], [hits.get(key, 0) for key in strata])))
        return sorted(found, key=lambda each: (-each[1].value, each[0]))


_NOW = ("subject", "controller_id", "group", "class_id", "term", "month", "kind", "under_way")
_OTHER = ("group_other", "class_other", "term_other", "month_other", "kind_other", "moved")


def _rows(found: counted.Counts, *names: str) -> Iterator[tuple[Any, ...]]:
    yield from found.values_list(*names).annotate(Sum("number"))


def _plain(subject: str, controller: int, by: Any) -> Key:
    """Return the stratum that a decision was drawn in."""
    return (controller, by) if subject == "person" else (controller,)


def _add(both: Both, here: bool, there: bool, number: int) -> None:
    both.drawn += number if here else 0
    both.stay += number if here and there else 0
    both.come += number if there and not here else 0


def _due(subject: str, by: Any, term: str, code: str) -> Key:
    return ("due", subject, by) if code in COMES and term in (*NOW, "ahead") else ()


def _figures(subject: str, term: str, month: date | None, code: str, under_way: bool) -> Iterator[Key]:
    """Name the figures that a decision is in: of its month and of its year, or of what is overdue now."""
    if code not in COMES or under_way or term not in (*NOW, "ahead"):
        return
    column = _COLUMNS[subject, code not in CLOCK]
    yield ("month", month, column)
    if month:
        yield ("year", month.year, column)


def tables(found: Estimates, now: Due, years: Sequence[Year]) -> tuple[tuple[Table, ...], Table]:
    """Return the tables beside the schedule in force, and month by month."""
    lines: list[tuple[str, Due, Key]] = [("Overdue now", now, ("month", None))]
    lines += [(year.label, year.due, ("year", year.number)) for year in years]
    months = [(month_of(month), due, ("month", month)) for year in years for month, due in year.months]
    beside = Table("side-by-side", "Side by side", BOTH, tuple(_pair(found, *line) for line in lines), _NOTE)
    monthly = Table(
        "side-by-side-months",
        "Side by side, month by month",
        BOTH,
        tuple(_pair(found, *line) for line in months),
        _NOTE,
    )
    return (beside, _changed(found, "person"), _changed(found, "record"), _turned(found)), monthly


def _pair(found: Estimates, label: str, due: Due, name: Key) -> tuple[Value, ...]:
    both = [(known, shown(found.due((*name, column)))) for column, known in enumerate(vars(due).values())]
    return (label, *(value for pair in both for value in pair))


def _changed(found: Estimates, subject: str) -> Table:
    lines: list[tuple[float, str, tuple[Value, ...]]] = []
    for by in found.by[subject]:
        known, other = found.due_by(subject, by)
        changes = [found.changes(name, subject, by) for name in ("earlier", "later", "otherwise")]
        name = counted.label(_BY[subject], by)
        lines.append((-sum(each.value for each in changes), name, (name, known, *map(shown, (other, *changes)))))
    rows = tuple(row for _, _, row in sorted(lines, key=lambda line: line[:2]))
    code, title, heads = CHANGED[subject]
    return Table(code, title, heads, rows, _NOTE + _LEFT_OUT)


_BY = {"person": "group", "record": "class_id"}


def _turned(found: Estimates) -> Table:
    rows = tuple(
        ("People" if subject == "person" else "Records", kind(one), kind(two), shown(of))
        for (subject, one, two), of in found.turned()
    )
    return Table(*TURNED, rows, _NOTE + _LEFT_OUT)


def shown(of: Estimate) -> Value:
    """Return a figure with its interval in words; what is known to one is a plain number."""
    value, low, high = round(of.value), floor(of.low + 1e-9), ceil(of.high - 1e-9)
    if low >= high:
        return value
    found = Estimated(f"about {value:,} ({low:,} to {high:,})")
    found.value, found.least, found.most = value, low, high
    return found
