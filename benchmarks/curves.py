"""What linkage takes by the size of the file, drawn as an SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 420.0, 300.0, 58.0, 14.0, 34.0, 40.0
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.axis,.grid{stroke:#ccc;fill:none}.axis{stroke:#333}"
    ".straight{stroke:#888;stroke-dasharray:4 4;fill:none}.line{stroke-width:2;fill:none}"
)
_COLOURS = ("#1d70b8", "#b54708", "#00703c")
Line = tuple[str, list[tuple[float, float]]]


def draw(sizes: Sequence[Mapping[str, Any]]) -> str:
    """Return the drawing: seconds on the left, memory and disk on the right, both scales logarithmic.

    The dashed line goes through the first size in proportion to the file. Raise ValueError when there is no size.
    """
    if not sizes:
        raise ValueError("There is no size to draw: give at least one.")
    seconds: list[Line] = [
        ("resolve, by the clock", _points(sizes, "resolve", "seconds")),
        ("resolve, of processors", _points(sizes, "resolve", "processor_seconds")),
        ("train, by the clock", _points(sizes, "train", "seconds")),
    ]
    room: list[Line] = [
        ("resolve, in memory", _points(sizes, "resolve", "peak_mb", 1024)),
        ("resolve, on disk", _points(sizes, "resolve", "spilled_mb", 1024)),
        ("train, in memory", _points(sizes, "train", "peak_mb", 1024)),
    ]
    panels = _panel("Seconds", seconds, 0.0) + _panel("GB at the peak", room, WIDTH)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH:g} {HEIGHT + 60:g}" role="img">'
        f"<title>What linkage takes by the number of nominals</title><style>{_STYLE}</style>"
        f'<rect width="100%" height="100%" fill="#fff"/>{panels}</svg>\n'
    )


def _points(sizes: Sequence[Mapping[str, Any]], step: str, what: str, unit: float = 1.0) -> list[tuple[float, float]]:
    return [(float(each["nominals"]), each[step][what] / unit) for each in sizes if each[step][what] > 0]


def _panel(title: str, lines: list[Line], offset: float) -> str:
    drawn = [line for line in lines if line[1]]
    first = drawn[0][1]
    straight = [(size, first[0][1] * size / first[0][0]) for size, _ in first]
    every = [point for _, points in drawn for point in points] + straight
    across = _Scale([size for size, _ in every], LEFT, WIDTH - RIGHT)
    up = _Scale([value for _, value in every], HEIGHT - FOOT, TOP)
    parts = [f'<g transform="translate({offset:g} 0)"><text x="{LEFT:g}" y="18">{escape(title)}</text>']
    parts += [
        f'<path class="grid" d="M{LEFT:g} {up(mark):.1f}H{WIDTH - RIGHT:g}"/>'
        f'<text x="{LEFT - 6:g}" y="{up(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>'
        for mark in up.marks()
    ]
    parts += [
        f'<text x="{across(size):.1f}" y="{HEIGHT - FOOT + 18:g}" text-anchor="middle">{size / 1e6:g} m</text>'
        for size, _ in first
    ]
    parts.append(f'<path class="axis" d="M{LEFT:g} {TOP:g}V{HEIGHT - FOOT:g}H{WIDTH - RIGHT:g}"/>')
    parts.append(f'<polyline class="straight" points="{_line(straight, across, up)}"/>')
    for number, (name, points) in enumerate(drawn):
        colour, y = _COLOURS[number], HEIGHT + 2 + 18 * number
        parts.append(f'<polyline class="line" stroke="{colour}" points="{_line(points, across, up)}"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(z):.1f}" r="3" fill="{colour}"/>' for x, z in points]
        told = ", ".join(f"{value:,.0f}" if value >= 10 else f"{value:.1f}" for _, value in points)
        parts.append(f'<text x="{LEFT:g}" y="{y:g}" style="fill:{colour}">{escape(name)}: {told}</text>')
    return "".join(parts) + "</g>"


def _line(points: list[tuple[float, float]], across: "_Scale", up: "_Scale") -> str:
    return " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)


class _Scale:
    """A logarithmic scale from the lowest value to the highest."""

    def __init__(self, values: list[float], start: float, end: float) -> None:
        self.low, self.high = log10(min(values)), log10(max(values))
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + (self.end - self.start) * (log10(value) - self.low) / max(self.high - self.low, 1e-9)

    def marks(self) -> list[float]:
        """Return the values of one, two and five times a power of ten that lie on it."""
        tens = range(floor(self.low), ceil(self.high) + 1)
        every = [figure * 10.0**power for power in tens for figure in (1, 2, 5)]
        return [mark for mark in every if self.low - 1e-9 <= log10(mark) <= self.high + 1e-9]
