"""The date by the traditional Chinese calendar that a solar date stands for, as older people tell their birthday."""

from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse import reference


def lunar_texts(days: pa.Array) -> pa.Array:
    """Solar yyyymmdd -> lunar yyyymmdd; a leap month is written as the month before it. Null outside 1900-2027 and for no date.

    The result need not be a solar date: the second lunar month may have a 30th day.
    """
    solar = pc.cast(pc.strptime(days, format="%Y%m%d", unit="s", error_is_null=True), pa.date32())
    solar = pc.if_else(pc.equal(pc.strftime(solar, "%Y%m%d"), days), solar, None)  # a 30th of February is read as March
    number = pc.fill_null(pc.cast(solar, pa.int32()), -(10**6)).to_numpy().astype(np.int64)
    starts, lengths, names = _months()
    month = np.searchsorted(starts, number, side="right") - 1
    day = number - starts[month] + 1
    is_known = (month >= 0) & (day <= lengths[month])
    return pc.cast(pa.array(names[month] * 100 + day, mask=~is_known), pa.string())


@cache
def _months() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of all lunar months in order: first day since 1970-01-01, length in days, year and month as yyyymm."""
    starts, lengths, names = [], [], []
    for row in reference.rows("lunar_years"):
        numbers = list(range(1, 13))
        if row["leap_month"]:
            numbers.insert(int(row["leap_month"]), int(row["leap_month"]))
        at = (date.fromisoformat(row["first_day"]) - date(1970, 1, 1)).days
        for month, length in zip(numbers, map(int, row["month_lengths"].split()), strict=True):
            starts.append(at)
            lengths.append(length)
            names.append(int(row["lunar_year"]) * 100 + month)
            at += length
    return np.array(starts), np.array(lengths), np.array(names)
