"""What became of a division: totals of old codes restated to later ones by the weights of a reform.

The list is contracts/reference/division_succession.csv. A reform gives each old code one or more new ones with weights
that sum to one, so that no total is lost; a code that no reform names stays what it is.
"""
# pyright: reportAttributeAccessIssue=false

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from itertools import groupby
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import reference

Weight = Literal["population", "area", "enterprises"]
Shares = dict[str, dict[str, float]]
TOLERANCE = 1e-9


def bridge(since: date, until: date, weight: Weight = "population") -> Shares:
    """Old code -> new codes with shares: all reforms after `since` up to and including `until`, one after the other."""
    shares: Shares = {}
    for day, reform in _reforms(weight):
        if since < day <= until:
            moved = {old: _moved(parts, reform) for old, parts in shares.items()}
            shares = {old: dict(new) for old, new in reform.items()} | moved
    return shares


def restate(totals: pa.Table, since: date, until: date, weight: Weight = "population") -> pa.Table:
    """Table (division_code, value) as of `since` -> the same totals by the codes of `until`, ordered by code."""
    rows = [(old, new, share) for old, parts in bridge(since, until, weight).items() for new, share in parts.items()]
    old, new, share = zip(*rows, strict=True) if rows else ((), (), ())
    columns = {
        "division_code": pa.array(old, pa.string()),
        "to": pa.array(new, pa.string()),
        "share": pa.array(share, pa.float64()),
    }
    changed = pa.table(columns)
    joined = totals.join(changed, "division_code")
    code = pc.coalesce(joined["to"], joined["division_code"])
    value = pc.multiply(pc.cast(joined["value"], pa.float64()), pc.fill_null(joined["share"], 1.0))
    summed = pa.table({"division_code": code, "value": value}).group_by("division_code").aggregate([("value", "sum")])
    return summed.rename_columns(["division_code", "value"]).sort_by("division_code")


def check(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Sentences about old codes whose weights do not sum to one; empty = sound."""
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in rows:
        for weight in ("population", "area", "enterprises"):
            sums[row["from_code"], row["valid_on"], weight] += float(row[f"weight_{weight}"])
    return [
        f"division_succession: the weights by {weight} of {code} on {day} sum to {total:.9f}; they must sum to 1."
        for (code, day, weight), total in sums.items()
        if abs(total - 1) > TOLERANCE
    ]


@cache
def _reforms(weight: Weight) -> tuple[tuple[date, Shares], ...]:
    """Day of each reform and its shares, in order. Raises ValueError where weights do not sum to one."""
    rows = sorted(reference.rows("division_succession"), key=lambda row: row["valid_on"])
    if found := check(rows):
        raise ValueError(found[0])
    reforms = []
    for day, of_day in groupby(rows, key=lambda row: row["valid_on"]):
        shares: Shares = defaultdict(dict)
        for row in of_day:
            shares[row["from_code"]][row["to_code"]] = float(row[f"weight_{weight}"])
        reforms.append((date.fromisoformat(day), dict(shares)))
    return tuple(reforms)


def _moved(parts: dict[str, float], reform: Shares) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for code, share in parts.items():
        for new, part in reform.get(code, {code: 1.0}).items():
            found[new] += share * part
    return dict(found)
