"""Deliveries much smaller or much larger than the one before them of the same source: cut off, doubled, or only a part of it.

The mapping states how many times as many rows may come (`volume`). The one before is the newest of an earlier period; corrections
may hold only what they correct and are not compared, nor is the first. Chance alone is no warning: counts of events scatter by
their square root (Poisson), and less than three of that of their sum is chance.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.contracts import Source

RECEIPTS = "ops.delivery_receipts"
RULE = "volume_as_before"
COLUMNS = ["delivery_id", "period", "received_at", "revision", "state", "received"]
BY_CHANCE = 3
AFTER_ALL = "9"
"""Later than every instant in ISO 8601 of the next seven thousand years."""


@dataclass(frozen=True)
class Unusual:
    """A delivery, its rows, and those of the one before, with the day of which that speaks (null = it states none)."""

    delivery_id: str
    rows: int
    rows_before: int
    period_before: str | None

    def told(self, source: Source) -> str:
        """The sentence for the sender."""
        agreed = f"{source.volume.least:g} to {source.volume.most:g}"
        before = f"of {self.period_before}" if self.period_before else "before it"
        return (
            f"{RULE}: {self.rows} rows came, the delivery {before} had {self.rows_before}; {agreed} times as many were agreed."
            " If rows are missing or doubled, send the whole file with a higher revision; else nothing is to be done."
        )


def remarks(source: Source, delivery_id: str, period: str | None, revision: int, rows: int) -> list[str]:
    """What is told of a delivery that is about to land: one sentence where it is unusual."""
    coming = {"delivery_id": delivery_id, "period": period, "received_at": AFTER_ALL, "revision": revision, "received": rows}
    found = _judged(coming, _told(source), source)
    return [found.told(source)] if found else []


def unusual(source: Source) -> list[Unusual]:
    """The unusual ones of the source's deliveries."""
    told = _told(source)
    return [found for one in told if (found := _judged(one, told, source))]


def is_unusual(rows: int, before: int, source: Source) -> bool:
    """Whether the count is outside of what the mapping states, and not by chance."""
    agreed = source.volume
    if agreed is None or not before or abs(rows - before) <= BY_CHANCE * sqrt(rows + before):
        return False
    return not agreed.least * before <= rows <= agreed.most * before


def _told(source: Source) -> list[dict[str, Any]]:
    """Deliveries of the source that landed or had no rows, without corrections."""
    if source.shape != "records" or source.volume is None or not tables.exists(RECEIPTS):
        return []
    rows = tables.read(RECEIPTS, COLUMNS, filters=pc.field("source") == source.source).to_pylist()
    return [row for row in rows if row["state"] != "refused" and not row["revision"]]


def _judged(one: dict[str, Any], told: list[dict[str, Any]], source: Source) -> Unusual | None:
    def place(of: dict[str, Any]) -> tuple[str, str]:
        return of["period"] or "", "" if of["period"] else of["received_at"]

    earlier = [of for of in told if place(of) < place(one) and of["delivery_id"] != one["delivery_id"]]
    before = max(earlier, key=place, default=None)
    if one["revision"] or before is None or not is_unusual(one["received"], before["received"], source):
        return None
    return Unusual(one["delivery_id"], one["received"], before["received"], before["period"])
