"""Deliveries that should have come: a source that delivers day by day, or week by week, left a period out.

The rhythm of a source is what its deliveries state: the most frequent distance between the days of which they speak. A distance
of two or more of it is a gap, and each period that fits in is one that nobody delivered. A file without rows is a delivery.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from lakehouse import tables
from quality.gate_outcomes import GateOutcome

RECEIPTS = "ops.delivery_receipts"
CHECK = "deliveries_without_gaps"
FEWEST = 4
"""Deliveries from which a rhythm can be told."""
SHOWN = 5


@dataclass(frozen=True)
class Missing:
    """A period of a source, told by its last day, of which no delivery speaks."""

    source: str
    period: date


def missing() -> list[Missing]:
    """All periods left out between the first and the last one delivered, by source and day; refused files are no deliveries."""
    if not tables.exists(RECEIPTS) or "period" not in {f.name for f in tables.open_table(RECEIPTS).schema().fields}:
        return []
    by_source: dict[str, set[date]] = {}
    for row in tables.read(RECEIPTS, ["source", "period", "state"]).to_pylist():
        if row["period"] and row["state"] != "refused":
            by_source.setdefault(row["source"], set()).add(date.fromisoformat(row["period"]))
    return [Missing(source, day) for source, days in sorted(by_source.items()) for day in left_out(days)]


def left_out(periods: Iterable[date]) -> list[date]:
    """Days between the periods where, by their rhythm, further ones should lie."""
    days = sorted(set(periods))
    steps = [(b - a).days for a, b in pairwise(days)]
    if len(days) < FEWEST:
        return []
    step, _ = Counter(steps).most_common(1)[0]
    expected = (a + timedelta(days=step * n) for a, b in pairwise(days) for n in range(1, (b - a).days // step))
    return list(expected)


def outcome() -> GateOutcome | None:
    """What the gates tell: a warning that names the periods; None before the first delivery that states one."""
    if not tables.exists(RECEIPTS):
        return None
    gaps = missing()
    shown = ", ".join(f"{gap.source} of {gap.period}" for gap in gaps[:SHOWN]) + (" ..." if len(gaps) > SHOWN else "")
    message = "No source left out a period between its deliveries."
    if gaps:
        message = f"Not delivered: {shown}; ask the department for it, its rows are missing in every table."
    return GateOutcome("deliveries", RECEIPTS, CHECK, "count", "warning", not gaps, str(len(gaps)), "0", message)
