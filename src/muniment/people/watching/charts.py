"""Figures of runs as charts: where each bar stands, for templates that draw them as SVG with their table beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, log10
from typing import Any

from muniment.batch.matching.watching import CAP
from muniment.engine.matching.bands import Band

WIDTH, HEIGHT, FOOT, SIDE = 720.0, 190.0, 26.0, 64.0
MARGIN = 14.0  # on the right, so that the last mark has room
_TENS = ("10", "100", "1 k", "10 k", "100 k", "1 m", "10 m", "100 m", "1,000 m")
_KINDS = {"certain": "automatic", "automatic": "automatic", "forbidden": "forbidden", "near": "below", "far": "below"}
KINDS = {
    "automatic": "Joined without a person",
    "forbidden": "A hard rule stands in the way",
    "doubtful": "Doubtful",
    "below": "Below doubtful",
}


@dataclass(frozen=True)
class Bar:
    """A bar of a chart, in the chart's own units; `kind` gives its colour, `words` what it stands for."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    words: str


@dataclass(frozen=True)
class Mark:
    """A text on an axis, and where it stands."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Columns over a scale of powers of ten, with what stands on the axes and what each colour means."""

    title: str
    bars: tuple[Bar, ...]
    below: tuple[Mark, ...]
    beside: tuple[Mark, ...]
    kinds: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    width: float = WIDTH
    height: float = HEIGHT + FOOT
    base: float = HEIGHT
    side: float = SIDE


@dataclass(frozen=True)
class _Column:
    """What stands at one place of the axis: its name, what is written under it, and a number for each kind."""

    name: str
    mark: str
    numbers: tuple[tuple[str, int], ...]


def weights(figures: Mapping[str, Any], bands: Sequence[Band]) -> Chart | None:
    """Draw how many pairs have each weight, and what becomes of pairs of that weight; None without pairs."""
    known = {band.code for band in bands}
    counts: dict[int, dict[str, int]] = {}
    for row in figures.get("weights", ()):
        if row["band"] in known:
            kind = _KINDS.get(row["band"], "doubtful")
            here = counts.setdefault(row["bit"], {})
            here[kind] = here.get(kind, 0) + row["pairs"]
    if not counts:
        return None
    columns = [
        _Column(
            f"{bit} or more" if bit == CAP else f"{bit}",
            str(bit) if bit % 5 == 0 else "",
            tuple((kind, counts.get(bit, {}).get(kind, 0)) for kind in KINDS),
        )
        for bit in range(min(counts), max(counts) + 1)
    ]
    return _chart("Pairs by weight, in bits", columns, ("Weight", *KINDS.values()))


_SIZES = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, 10**9))


def sizes(figures: Mapping[str, Any], last: Mapping[str, Any] | None) -> Chart | None:
    """Draw how many prime records have how many nominals, beside the last run's."""
    now, before = _grouped(figures), _grouped(last or {})
    if not any(now):
        return None
    columns = []
    for (least, most), here, there in zip(_SIZES, now, before, strict=True):
        name = str(least) if least == most else f"{least} to {most}" if most < 10**9 else f"{least} or more"
        mark = name.replace(" to ", "-").replace(" or more", "+")
        columns.append(_Column(name, mark, (("automatic", here), *((("before", there),) if last else ()))))
    heads = ("Nominals", "Prime records", *(("In the last run",) if last else ()))
    chart = _chart("Prime records by how many nominals they have", columns, heads)
    return replace(chart, kinds=(("automatic", "This run"), ("before", "The last run")) if last else ())


def _grouped(figures: Mapping[str, Any]) -> list[int]:
    held = {int(size): number for size, number in figures.get("sizes", {}).items()}
    return [sum(number for size, number in held.items() if least <= size <= most) for least, most in _SIZES]


def _chart(title: str, columns: Sequence[_Column], heads: tuple[str, ...]) -> Chart:
    tens = max(1, ceil(log10(max(number for column in columns for _, number in column.numbers) + 1)))
    room = (WIDTH - SIDE - MARGIN) / len(columns)
    bars: list[Bar] = []
    below = []
    for at, column in enumerate(columns):
        shown = [(kind, number) for kind, number in column.numbers if number]
        width = room * 0.86 / max(1, len(shown))
        for place, (kind, number) in enumerate(shown):
            height = (HEIGHT - 14) * log10(number + 1) / tens
            corner = round(SIDE + at * room + room * 0.07 + place * width, 1)
            size = (round(width, 1), round(height, 1))
            bars.append(Bar(corner, round(HEIGHT - height, 1), *size, kind, f"{column.name}: {number:,}"))
        if column.mark:
            below.append(Mark(round(SIDE + (at + 0.5) * room, 1), HEIGHT + 17, column.mark))
    beside = tuple(
        Mark(SIDE - 6, round(HEIGHT - (HEIGHT - 14) * power / tens, 1), _TENS[power - 1])
        for power in range(1, min(tens, len(_TENS)) + 1)
    )
    kinds = tuple((kind, words) for kind, words in KINDS.items() if any(bar.kind == kind for bar in bars))
    rows = tuple((each.name, *(f"{number:,}" for _, number in each.numbers)) for each in columns)
    return Chart(title, tuple(bars), tuple(below), beside, kinds, heads, rows)
