"""What a contract promises about time (`slaProperties`), in hours, and how old the newest row may be."""

from functools import cache

import yaml

from lakehouse.contracts import Dataset, Field
from lakehouse.contracts.load import FOLDER

HOURS = {"min": 1 / 60, "h": 1, "d": 24, "y": 8766}


@cache
def hours(path: str, promise: str) -> float | None:
    """A promise (`frequency`, `latency`, `retention`) of the contract file in hours; None = not promised.

    Raises ValueError for a unit other than min, h, d and y.
    """
    written = yaml.safe_load((FOLDER.parent / path).read_text("utf-8")).get("slaProperties") or []
    for one in written:
        if one["property"] == promise:
            if one.get("unit") not in HOURS:
                raise ValueError(
                    f"{path}: slaProperties {promise} has the unit {one.get('unit')}; write one of {', '.join(HOURS)}."
                )
            return float(one["value"]) * HOURS[one["unit"]]
    return None


def time_key(dataset: Dataset) -> Field | None:
    """The time in the dataset's key: the start of the interval that a row speaks of."""
    return next((f for f in dataset.fields if f.primary_key and f.logical_type in ("timestamp", "date")), None)


def oldest_newest_row(dataset: Dataset) -> float | None:
    """Hours that may lie between the start of the newest row's interval and now; None = nothing is promised.

    Just before the next row comes, the newest one is as old as its own interval, the next one's, and the latency.
    """
    frequency = hours(dataset.path, "frequency")
    if frequency is None or time_key(dataset) is None:
        return None
    return 2 * frequency + (hours(dataset.path, "latency") or 0)
