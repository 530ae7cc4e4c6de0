"""What falls due as columns by year, or two beside each other, for a template that draws them as SVG above a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from muniment.people.watching.charts import Bar, Mark
from muniment.retention.foresight.foresight_tables import Forecast
from muniment.retention.foresight.shown import Estimated, Value

WIDTH, HEIGHT, FOOT, HEAD, SIDE = 720.0, 200.0, 28.0, 26.0, 68.0
_STEPS = ((1_000_000, "m"), (1_000, "k"))
_NICE = (1, 2, 2.5, 5, 10)
_HERE, _THERE = ("person", "clock"), ("other-person", "other-clock")
_SAME = "The same numbers are in the table below."


@dataclass(frozen=True)
class Chart:
    """Columns of two parts: what waits for a person, plain, and above it what goes by the clock, hatched.

    `said` is what the chart says, for whoever does not see it; `lines` are those of the scale, where there is one.
    """

    code: str
    title: str
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    kinds: tuple[tuple[str, str], ...]
    said: str
    lines: tuple[Mark, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT + FOOT
    base: float = HEIGHT


def chart(code: str, title: str, columns: Sequence[tuple[str, int, int]], kinds: tuple[str, str]) -> Chart | None:
    """Draw columns, each of (what stands under it, for a person, by the clock); None where all are empty."""
    most = max((one + two for _, one, two in columns), default=0)
    if not most:
        return None
    room, scale = WIDTH / len(columns), (HEIGHT - HEAD) / most
    bars, marks = [], []
    for at, (name, *numbers) in enumerate(columns):
        top = HEIGHT
        for kind, words, number in zip(("person", "clock"), kinds, numbers, strict=True):
            if number:
                top -= number * scale
                size = (round(room * 0.76, 1), round(number * scale, 1))
                said = f"{name}: {number:,} {words.lower()}"
                bars.append(Bar(round((at + 0.12) * room, 1), round(top, 1), *size, kind, said))
        middle = round((at + 0.5) * room, 1)
        marks.append(Mark(middle, HEIGHT + 20, name))
        marks.append(Mark(middle, round(top - 6, 1), short(sum(numbers))))
    key = (("person", kinds[0]), ("clock", kinds[1]))
    return Chart(code, title, tuple(bars), tuple(marks), key, f"{title}. {_SAME}")


@dataclass(frozen=True)
class Both:
    """What falls due at one time under both schedules: for a person and by the clock."""

    name: str
    here: tuple[int, int]
    there: tuple[int, int]


def beside(code: str, title: str, columns: Sequence[Both], kinds: tuple[str, str], other: str) -> Chart | None:
    """Draw two columns beside each other for each time, in force and other, over one scale; None where all are empty.

    `other` is what the second of them is called: "Other", or "Other, estimated".
    """
    most = max((max(sum(each.here), sum(each.there)) for each in columns), default=0)
    if not most:
        return None
    top, steps = _scale(most)
    room, scale = (WIDTH - SIDE) / len(columns), (HEIGHT - HEAD) / top
    bars, marks = [], []
    for at, each in enumerate(columns):
        left = SIDE + at * room
        for start, names, whose, numbers in (
            (0.1, _HERE, "in force", each.here),
            (0.5, _THERE, other.lower(), each.there),
        ):
            foot = HEIGHT
            for kind, words, number in zip(names, kinds, numbers, strict=True):
                if number:
                    foot -= number * scale
                    size = (round(room * 0.36, 1), round(number * scale, 1))
                    said = f"{each.name}, {whose}: {number:,} {words.lower()}"
                    bars.append(Bar(round(left + start * room, 1), round(foot, 1), *size, kind, said))
        marks.append(Mark(round(left + room / 2, 1), HEIGHT + 20, each.name))
    lines = tuple(Mark(SIDE, round(HEIGHT - step * scale, 1), short(round(step))) for step in steps)
    named = zip(
        (*_HERE, *_THERE), (f"{whose}: {each.lower()}" for whose in ("In force", other) for each in kinds), strict=True
    )
    return Chart(code, title, tuple(bars), tuple(marks), tuple(named), _differs(title, columns, kinds, other), lines)


def _scale(most: int) -> tuple[float, tuple[float, ...]]:
    """Return how far a scale of a few even steps reaches above a number, and its steps."""
    rough = most / 4
    ten = 10 ** int(log10(rough)) if rough >= 1 else 1
    step = next(nice * ten for nice in _NICE if nice * ten >= rough)
    step = max(1, ceil(step))
    number = ceil(most / step)
    return number * step, tuple(step * at for at in range(1, number + 1))


def _differs(title: str, columns: Sequence[Both], kinds: tuple[str, str], other: str) -> str:
    """Say what two schedules come to, and when they differ most."""
    here, there = (sum(sum(getattr(each, which)) for each in columns) for which in ("here", "there"))
    widest = max(columns, key=_apart)
    one, two = (each.lower() for each in kinds)
    when = (
        f"They differ most in {widest.name}: in force {widest.here[0]:,} {one} and {widest.here[1]:,} {two},"
        f" {other.lower()} {widest.there[0]:,} and {widest.there[1]:,}."
        if _apart(widest)
        else "They are the same each time."
    )
    return f"{title}. In force {here:,} in all, {other.lower()} {there:,}. {when} {_SAME}"


def _apart(each: Both) -> int:
    """Return by how many two schedules differ at one time, in either part."""
    return sum(abs(one - two) for one, two in zip(each.here, each.there, strict=True))


def short(number: int) -> str:
    """Write a number in at most five characters: 9.3k."""
    for step, letter in _STEPS:
        if number >= step:
            return f"{number / step:.1f}{letter}" if number < 100 * step else f"{number // step}{letter}"
    return str(number)


def charts(forecast: Forecast) -> list[Chart]:
    """Return the charts of a forecast: people and records by year, in force."""
    people = [("Now", forecast.now.reviews, forecast.now.people_by_clock)]
    people += [(str(year.number), year.due.reviews, year.due.people_by_clock) for year in forecast.years]
    records = [("Now", forecast.now.records_reviewed, forecast.now.records_by_clock)]
    records += [(str(year.number), year.due.records_reviewed, year.due.records_by_clock) for year in forecast.years]
    made = (
        chart("people", "People who fall due, by year", people, _PEOPLE),
        chart("records", "Records that fall due, by year", records, _RECORDS),
    )
    return [each for each in made if each]


_PEOPLE, _RECORDS = ("For a review", "By the clock"), ("For a person to look at", "By the clock")


def charts_beside(forecast: Forecast) -> list[Chart]:
    """Return the charts of both schedules of a forecast, by year; none where it has no other."""
    if not forecast.compared:
        return []
    names = ["Now", *(str(year.number) for year in forecast.years)]
    rows = [tuple(map(_number, row[1:])) for row in forecast.compared[0].rows]  # as `shown.BOTH` heads them
    people = [Both(name, (row[0], row[2]), (row[1], row[3])) for name, row in zip(names, rows, strict=True)]
    records = [Both(name, (row[4], row[6]), (row[5], row[7])) for name, row in zip(names, rows, strict=True)]
    other = "Other, estimated" if forecast.estimated else "Other"
    made = (
        beside("beside-people", "People who fall due under both schedules, by year", people, _PEOPLE, other),
        beside("beside-records", "Records that fall due under both schedules, by year", records, _RECORDS, other),
    )
    return [each for each in made if each]


def _number(value: Value) -> int:
    if isinstance(value, Estimated):
        return value.value
    assert isinstance(value, int)
    return value
