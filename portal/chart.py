"""A line chart as SVG elements: sizes and text only, so that it needs no script and no style attribute.

Lines differ by dash and by a name at their end, so the chart is readable without colour. Width and height are in SVG
user units; the style sheet scales them.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.series import Point, Series

WIDTH, HEIGHT = 880, 340
LEFT, RIGHT, TOP, BOTTOM = 58, 118, 18, 40
TICKS_Y = 5
TICKS_X = 7


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Label:
    """The name of a line at its end."""

    kind: str
    x: float
    y: float


@dataclass(frozen=True)
class Dot:
    """A mark that tells its value when pointed at."""

    x: float
    y: float
    when: str
    value: float


@dataclass(frozen=True)
class Chart:
    """What the template draws: an area (range), two lines as SVG paths, ticks, end labels and marks."""

    band: str
    middle: str
    chosen: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    labels: list[Label]
    dots: list[Dot]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def draw(series: Series) -> Chart | None:
    """The chart of a series; None when there is not a single value."""
    values = [v for p in series.points for v in (p.low, p.middle, p.high, p.chosen) if v is not None]
    if not values:
        return None
    y_values = nice_ticks(min(0.0, *values) if min(values) >= 0 else min(values), max(values), TICKS_Y)
    x = _scale(series.points[0].at.timestamp(), series.points[-1].at.timestamp(), LEFT, WIDTH - RIGHT)
    y = _scale(y_values[0], y_values[-1], HEIGHT - BOTTOM, TOP)
    by_range = series.places > 1
    return Chart(
        band=_band(series.points, x, y) if by_range else "",
        middle=_line(((p.at, p.middle) for p in series.points), x, y),
        chosen=_line(((p.at, p.chosen) for p in series.points), x, y),
        x_ticks=[Tick(x(at.timestamp()), text) for at, text in time_ticks([p.at for p in series.points])],
        y_ticks=[Tick(y(value), f"{value:g}") for value in y_values],
        labels=_labels(series.points, x, y, by_range),
        dots=[_dot(p, x, y, series.period) for p in series.points if _shown(p) is not None],
    )


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `count` steps of 1, 2 or 5 times a power of ten."""
    if low == high:
        high = low + 1
    rough = (high - low) / count
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(n * step, 10) for n in range(first, last + 1)]


def time_ticks(moments: list[datetime]) -> list[tuple[datetime, str]]:
    """A few moments of the axis, evenly among the points, written as short as their distance allows."""
    days = (moments[-1] - moments[0]).days
    pattern = "%Y" if days > 3000 else "%Y-%m" if days > 150 else "%m-%d" if days > 3 else "%d %H:%M"
    every = max(1, math.ceil(len(moments) / TICKS_X))
    return [(at, at.strftime(pattern)) for at in moments[::every]]


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    width = (high - low) or 1.0
    return lambda value: round(start + (value - low) / width * (end - start), 1)


def _line(points: Iterable[tuple[datetime, float | None]], x: Callable, y: Callable) -> str:
    """An SVG path that breaks where values are missing."""
    path, pen_down = [], False
    for at, value in points:
        if value is not None:
            path.append(f"{'L' if pen_down else 'M'}{x(at.timestamp())} {y(value)}")
        pen_down = value is not None
    return "".join(path)


def _band(points: list[Point], x: Callable, y: Callable) -> str:
    """Closed areas between low and high, one per stretch without gaps."""
    areas, stretch = [], []
    for point in [*points, None]:
        if point is not None and point.low is not None:
            stretch.append(point)
        elif stretch:
            upper = [f"{x(p.at.timestamp())} {y(p.high)}" for p in stretch]
            lower = [f"{x(p.at.timestamp())} {y(p.low)}" for p in reversed(stretch)]
            areas.append(f"M{'L'.join(upper + lower)}Z")
            stretch = []
    return "".join(areas)


def _labels(points: list[Point], x: Callable, y: Callable, by_range: bool) -> list[Label]:
    """Names at the last value of each line, pushed apart where they would overlap."""
    last = [("chosen", _last(points, "chosen")), ("middle", _last(points, "middle"))]
    last += [("high", _last(points, "high"))] if by_range else []
    placed = sorted(
        (Label(k, x(p[0].timestamp()) + 8, y(p[1]) + 4) for k, p in last if p), key=lambda lab: lab.y
    )
    out: list[Label] = []
    for label in placed:
        lowest = out[-1].y + 15 if out else label.y
        out.append(Label(label.kind, label.x, max(label.y, lowest)))
    return out


def _last(points: list[Point], name: str) -> tuple[datetime, float] | None:
    return next(((p.at, getattr(p, name)) for p in reversed(points) if getattr(p, name) is not None), None)


def _shown(point: Point) -> float | None:
    return point.chosen if point.chosen is not None else point.middle


def _dot(point: Point, x: Callable, y: Callable, period: str) -> Dot:
    value = _shown(point)
    pattern = (
        "%Y-%m-%d %H:%M"
        if period == "hour"
        else "%Y-%m"
        if period == "month"
        else "%Y"
        if period == "year"
        else "%Y-%m-%d"
    )
    return Dot(x(point.at.timestamp()), y(value), point.at.strftime(pattern), value)
