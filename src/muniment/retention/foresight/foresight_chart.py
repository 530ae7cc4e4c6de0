"""What falls due as columns, one a year, for a template that draws them as SVG above their table."""

from collections.abc import Sequence
from dataclasses import dataclass

from muniment.people.watching.charts import Bar, Mark
from muniment.retention.foresight.foresight_tables import Forecast

WIDTH, HEIGHT, FOOT, HEAD = 720.0, 200.0, 28.0, 26.0
_STEPS = ((1_000_000, "m"), (1_000, "k"))


@dataclass(frozen=True)
class Chart:
    """Columns of two parts: what waits for a person, plain, and above it what goes by the clock, hatched."""

    code: str
    title: str
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    kinds: tuple[tuple[str, str], ...]
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
    return Chart(code, title, tuple(bars), tuple(marks), (("person", kinds[0]), ("clock", kinds[1])))


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
        chart("people", "People who fall due, by year", people, ("For a review", "By the clock")),
        chart("records", "Records that fall due, by year", records, ("For a person to look at", "By the clock")),
    )
    return [each for each in made if each]
