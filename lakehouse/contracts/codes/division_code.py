"""Division codes, GB/T 2260 and its extension to townships and villages, each with the period in which it was valid.

The list is contracts/reference/divisions.csv: counties of the whole country since 1980, townships of the province and
villages of the county as of 2023. A row may belong to one profile only, as synthetic divisions do.
"""
# pyright: reportAttributeAccessIssue=false

from collections import defaultdict
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse import reference
from lakehouse.settings import settings

ALWAYS, NEVER = "0001-01-01", "9999-12-31"


class Periods(NamedTuple):
    """Codes in order; first day and first day no longer, each (rows = codes, columns = periods of a code) in days."""

    codes: pa.Array
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def is_known_on(codes: Any, dates: Any) -> Any:
    """Whether each code was valid on its date (date32). Null where either is null."""
    periods = _periods(settings().profile)
    place = pc.fill_null(pc.index_in(codes, value_set=periods.codes), -1).to_numpy(zero_copy_only=False)
    day = pc.fill_null(pc.cast(pc.cast(dates, pa.date32()), pa.int32()), 0).to_numpy(zero_copy_only=False)
    held = np.zeros(len(place), bool)
    for starts, ends in zip(periods.starts.T, periods.ends.T, strict=True):
        held |= (starts[place] <= day) & (day < ends[place])
    return pc.if_else(pc.and_(pc.is_valid(codes), pc.is_valid(dates)), pa.array(held & (place >= 0)), None)


def is_known(codes: Any) -> Any:
    """Whether each code was valid at any time. Null stays null."""
    return pc.if_else(pc.is_valid(codes), pc.is_in(codes, value_set=_periods(settings().profile).codes), None)


def known_sql(code: str) -> str:
    """The same as Spark SQL over an expression."""
    return f"{code} in ({', '.join(map(repr, dict.fromkeys(known for known, _, _ in _rows(settings().profile))))})"


def sql(code: str, date: str) -> str:
    """The same as Spark SQL over two expressions: one branch, flat, for each set of periods that codes share."""
    periods, alike = defaultdict(list), defaultdict(list)
    for known, start, end in _rows(settings().profile):
        periods[known].append((start, end))
    for known, of_code in periods.items():
        alike[tuple(of_code)].append(known)
    branches = " ".join(
        f"when {code} in ({', '.join(map(repr, codes))}) then {' or '.join(_within(date, *period) for period in shared)}"
        for shared, codes in alike.items()
    )
    return f"case when {code} is null or {date} is null then null {branches} else false end"


def _within(date: str, start: str, end: str) -> str:
    return f"({date} >= date '{start}' and {date} < date '{end}')"


def _rows(profile: str) -> list[tuple[str, str, str]]:
    """Code, first day, first day no longer; provinces and cities also in the six digits of GB/T 2260 (330000, 330100)."""
    return [
        (code, row["valid_from"] or ALWAYS, row["valid_to"] or NEVER)
        for row in reference.rows("divisions")
        if row["profile"] in ("", profile)
        for code in dict.fromkeys((row["division_code"], row["division_code"].ljust(6, "0")))
    ]


@cache
def _periods(profile: str) -> Periods:
    of_code = defaultdict(list)
    for code, start, end in _rows(profile):
        of_code[code].append((start, end))
    width = max(map(len, of_code.values()))
    padded = np.array([p + [(NEVER, NEVER)] * (width - len(p)) for p in of_code.values()], "datetime64[D]").astype(np.int64)
    return Periods(pa.array(list(of_code)), padded[:, :, 0], padded[:, :, 1])
