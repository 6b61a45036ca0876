"""A line chart as SVG elements: sizes and text only, so that it needs no script and no style attribute.

Lines differ by dash and by a name at their end, so the chart is readable without colour. Sizes are in SVG user units.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.series import Point, Series

WIDE, NARROW = (880, 340), (400, 300)
LEFT, RIGHT, TOP, BOTTOM = 52, 96, 34, 36
TICK_WIDTH = 62  # room for one label of the time axis
TICKS_Y = 5
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
HOUR_STEPS = (1, 3, 6, 12, 24, 48, 24 * 7, 24 * 14)


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

    width: int
    height: int
    band: str
    middle: str
    chosen: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    labels: list[Label]
    dots: list[Dot]
    left: int = LEFT
    top: int = TOP

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def bottom(self) -> int:
        return self.height - BOTTOM


def draw(series: Series, size: tuple[int, int] = WIDE) -> Chart | None:
    """The chart of a series; None when there is not a single value."""
    values = [v for p in series.points for v in (p.low, p.middle, p.high, p.chosen) if v is not None]
    if not values:
        return None
    width, height = size
    first, last = series.points[0].at, series.points[-1].at
    y_values = nice_ticks(min(0.0, *values) if min(values) >= 0 else min(values), max(values), TICKS_Y)
    x = _scale(first.timestamp(), last.timestamp(), LEFT, width - RIGHT)
    y = _scale(y_values[0], y_values[-1], height - BOTTOM, TOP)
    by_range = series.places > 1
    ticks = time_ticks(first, last, (width - LEFT - RIGHT) // TICK_WIDTH)
    return Chart(
        width=width,
        height=height,
        band=_band(series.points, x, y) if by_range else "",
        middle=_line(((p.at, p.middle) for p in series.points), x, y),
        chosen=_line(((p.at, p.chosen) for p in series.points), x, y),
        x_ticks=[Tick(x(at.timestamp()), text) for at, text in ticks],
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


def time_ticks(first: datetime, last: datetime, count: int) -> list[tuple[datetime, str]]:
    """At most about `count` moments on round months, days or hours between two moments, with their labels."""
    hours = (last - first) / timedelta(hours=1)
    if hours <= HOUR_STEPS[-1] * count:
        return _hour_ticks(first, last, next(s for s in HOUR_STEPS if hours <= s * count))
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((s for s in MONTH_STEPS if months <= s * count), MONTH_STEPS[-1])
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = (datetime(n // 12, n % 12 + 1, 1) for n in numbers if n % step == 0)
    return [(at, at.strftime("%Y" if step >= 12 else "%Y-%m")) for at in starts if first <= at <= last]


def _hour_ticks(first: datetime, last: datetime, step: int) -> list[tuple[datetime, str]]:
    at, ticks = first.replace(hour=0, minute=0, second=0, microsecond=0), []
    while at <= last:
        if at >= first:
            ticks.append((at, at.strftime("%m-%d" if at.hour == 0 else "%H:%M")))
        at += timedelta(hours=step)
    return ticks


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
    placed = sorted((Label(k, x(p[0].timestamp()) + 8, y(p[1]) + 4) for k, p in last if p), key=lambda lab: lab.y)
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
    pattern = "%Y-%m-%d %H:%M" if period == "hour" else "%Y-%m" if period == "month" else "%Y" if period == "year" else "%Y-%m-%d"
    return Dot(x(point.at.timestamp()), y(value), point.at.strftime(pattern), value)
