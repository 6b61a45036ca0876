"""On which days each source delivers, and since when each delivery reports."""

import numpy as np

from sample_city.extract import Source
from sample_city.presets import Window


def days_of(source: Source, window: Window) -> list[tuple[np.datetime64, np.datetime64]]:
    """(day stated, day of the delivery before) in order. The first period begins after the opening day."""
    dates = list(window.dates())
    if source.cadence == "full":
        days = [window.opening, *window.month_ends()]
    elif source.cadence == "opening":
        days = [window.opening]
    elif source.cadence == "daily":
        days = dates
    elif source.cadence == "weekly":
        days = dates[6::7] + ([dates[-1]] if len(dates) % 7 else [])
    elif source.cadence == "monthly":
        days = window.month_ends()
    else:
        days = [window.reference]
    return list(zip(days, [window.opening, *days[:-1]], strict=True))
