"""Slices that are settled together: a correction of its event time moves a record to another month, and one of both counts."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

from lakehouse import tables
from lakehouse.contracts import Contracts, Dataset, Source
from lakehouse.contracts.mapping import DELIVERY, PERIOD, Filling

SPOKEN_OF = """
select distinct slices from (
  select list_sort(list(distinct slice)) as slices from ({rows}) group by {keys} having count(distinct slice) > 1)
"""
KEYS = "select {keys}, date_trunc('month', _observed_at at time zone 'UTC')::date as slice from ({bronze})"


def groups(dataset: Dataset, known: Contracts, versions: dict[str, int]) -> list[set[date]]:
    """Sets of slices, without a slice in common, in which bronze at these versions has records of the same key.

    Such records come where the key does not state the event time: a death whose day is corrected into another month.
    """
    if not known.may_change_slice(dataset.id):
        return []
    with duckdb.connect() as base:
        sources = [s for s in known.feeding(dataset.id) if s.bronze_table in versions]
        rows = " union all ".join(_keys(base, source, dataset, versions[source.bronze_table]) for source in sources)
        places = ", ".join(f"k{at}" for at in range(len(dataset.primary_key)))
        found = base.sql(SPOKEN_OF.format(rows=rows, keys=places)).fetchall()
    return _joined(set(slices) for (slices,) in found)


def pieces(plan: dict[str, Any]) -> list[tuple[date, ...]]:
    """The slices of a plan as they are settled: those of a group at once, every other by itself."""
    slices = {date.fromisoformat(s) for s in plan["slices"]}
    whole = [tuple(date.fromisoformat(s) for s in group) for group in plan.get("together", ())]
    return [*whole, *((s,) for s in sorted(slices.difference(*whole)))]


def _keys(base: duckdb.DuckDBPyConnection, source: Source, dataset: Dataset, version: int) -> str:
    bronze = tables.scan(base, source.bronze_table, version)
    there = set(base.sql(f"{bronze} limit 0").columns)
    keys = ", ".join(f"{_key(source.fields.get(name), there)} as k{at}" for at, name in enumerate(dataset.primary_key))
    return KEYS.format(keys=keys, bronze=bronze)


def _key(filling: Filling | None, there: set[str]) -> str:
    if filling is None:
        return "null::text"
    if filling.constant is not None:
        return "'{}'".format(filling.constant.replace("'", "''"))
    column = PERIOD if filling.column == DELIVERY else filling.column
    return f'trim("{column}"::text)' if column in there else "null::text"


def _joined(sets: Iterable[set[date]]) -> list[set[date]]:
    found: list[set[date]] = []
    for one in sets:
        meeting = [group for group in found if group & one]
        found = [group for group in found if not group & one] + [one.union(*meeting)]
    return found
