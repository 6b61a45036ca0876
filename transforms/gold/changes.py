"""What changed since the last good run of gold: silver slices, and values that the clock has made final."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import pyarrow.compute as pc
from deltalake.exceptions import DeltaError

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings

SLICE = "_event_"
ROWS_SETTLE = timedelta(days=3)  # the latest local day ends within a day, the latency of gold is another
KPIS_SETTLE = timedelta(days=22)  # 20 days after the year (policy R2) and a day of zones on either side


def changed_months(sources: Iterable[str], last: dict) -> set[str] | None:
    """Months (first day, ISO) of which a data file came or went since the versions of the last run.

    None = not known, because a version is no longer in its table's log (cleaned up, or restored from a backup).
    """
    try:
        return {month for name in sources for month in _months_between(name, last.get(name))}
    except DeltaError:
        return None


def _months_between(name: str, since: int | None) -> set[str]:
    now = _slices(name)
    before = _slices(name, since) if since is not None else {}
    changed = {path: slice_ for path, slice_ in (now | before).items() if (path in now) != (path in before)}
    return {f"{slice_:%Y-%m}-01" for slice_ in changed.values() if slice_}


def _slices(name: str, version: int | None = None) -> dict[str, date | None]:
    """Data file -> its slice (a month or a day); tables without slices are rebuilt whole by their models."""
    actions = tables.open_table(name, version).get_add_actions(flatten=True)
    column = next((c for c in actions.schema.names if c.startswith(f"partition.{SLICE}")), None)
    paths = actions.column("path").to_pylist()
    return dict(zip(paths, actions.column(column).to_pylist() if column else [None] * len(paths), strict=True))


def is_sliced(name: str) -> bool:
    """Whether the table is partitioned by slices of event time."""
    return any(column.startswith(SLICE) for column in tables.open_table(name).metadata().partition_columns)


def provisional_months() -> set[str]:
    """Months of gold tables that hold a row still marked provisional."""
    return {str(month) for name in _tables_by_month() for month in _provisional(name)}


def _tables_by_month() -> list[str]:
    """Gold tables that are rebuilt by month and say which rows are provisional."""
    gold = [d for d in contracts().of_layer("gold") if d.partition and any(f.name == "is_provisional" for f in d.fields)]
    return [d.table for d in gold if tables.exists(d.table)]


def _provisional(name: str) -> list[date]:
    return pc.unique(tables.read(name, ["event_month"], filters=pc.field("is_provisional"))["event_month"]).to_pylist()


def settled(sources: Iterable[str]) -> dict[str, str]:
    """The run's clock as far as it can still change gold: hours of rows, then days of KPIs until their year is final."""
    days = [slice_ for name in sources for slice_ in _slices(name).values() if slice_]
    if not days:
        return {}
    as_of, last = settings().as_of_time(), max(days)
    end = _next_month(last)
    rows, kpis = min(as_of, end + ROWS_SETTLE), min(as_of, _start(date(last.year + 1, 1, 1)) + KPIS_SETTLE)
    return {"rows_as_of": f"{rows:%Y-%m-%dT%H}", "kpis_as_of": f"{kpis:%Y-%m-%dT%H}"}


def _next_month(day: date) -> datetime:
    return _start(date(day.year + day.month // 12, day.month % 12 + 1, 1))


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
