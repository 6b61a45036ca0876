"""Rows from layer to layer: silver keys, silver to its hours, hours to gold, gold to the serving file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from lakehouse import outcomes, tables
from lakehouse.contracts import Dataset, contracts
from lakehouse.settings import settings

PERIODS_IN_HOURS = "('rtd', 'minute', 'hour')"


@dataclass(frozen=True)
class Passage:
    """Rows before and after one step of the way; `faults` says in words what got lost or doubled."""

    dataset: str
    table: str
    check: str
    before: int
    after: int
    description: str
    faults: tuple[str, ...]


def of_dataset(dataset: Dataset) -> Iterator[Passage]:
    """All passages of one silver dataset that exist so far."""
    if not tables.exists(dataset.table):
        return
    yield _keys(dataset)
    hourly = contracts().datasets.get(f"{dataset.id}_hourly")
    if hourly and tables.exists(hourly.table):
        yield _hours(dataset, hourly)
        yield from _gold_hours(hourly)
    yield from _observations(dataset)


def _keys(dataset: Dataset) -> Passage:
    of_slice = [str(dataset.partition)] if contracts().is_of_records(dataset.id) else []
    key = ", ".join([*dataset.primary_key, *of_slice])
    with tables.duck(dataset.table) as connection:
        rows, keys = connection.execute(f"select count(*), count(distinct hash({key})) from {dataset.table}").fetchone()
        if rows != keys:  # two keys may share a hash: count again, exactly
            keys = connection.execute(f"select count(*) from (select 1 from {dataset.table} group by {key})").fetchone()[0]
    faults = [f"{dataset.table} holds {rows - keys} rows whose key ({key}) is there already."] if rows != keys else []
    return Passage(dataset.id, dataset.table, "keys_unique", rows, keys, "Every key of silver is there once.", tuple(faults))


def _hours(dataset: Dataset, hourly: Dataset) -> Passage:
    expected = (
        f"select station_id, pollutant_code, date_trunc('hour', observed_at) as hour_at from {dataset.table}"
        f" where period in {PERIODS_IN_HOURS} group by all"
    )
    with tables.duck(dataset.table, hourly.table) as connection:
        compared = _compare(connection, f"({expected})", hourly.table, hourly.primary_key)
    words = "Every hour with a reading has one hourly value, and no other."
    return Passage(
        dataset.id, hourly.table, "hours_cover_silver", *compared[:2], words, _faults(hourly.table, dataset.table, *compared[2:])
    )


def _gold_hours(hourly: Dataset) -> Iterator[Passage]:
    gold = contracts().datasets.get(f"fct_{hourly.id.split('__')[-1]}")
    if gold is None or not tables.exists(gold.table):
        return
    with tables.duck(gold.table) as connection:
        connection.execute(f"create temp view hours as {_as_gold_saw_it(connection, hourly.table)}")
        compared = _compare(connection, "hours", gold.table, gold.primary_key)
    words = "Every hourly value of silver is in gold once, and no other."
    yield Passage(
        gold.id, gold.table, "gold_covers_hours", *compared[:2], words, _faults(gold.table, hourly.table, *compared[2:])
    )


def _observations(dataset: Dataset) -> Iterator[Passage]:
    """Gold tables of hours that count the observations they are made of."""
    gold = contracts().datasets.get(f"agg_{dataset.id.split('__')[-1]}_hourly")
    if gold is None or not tables.exists(gold.table):
        return
    with tables.duck(gold.table) as connection:
        connection.execute(f"create temp view observations as {_as_gold_saw_it(connection, dataset.table)}")
        query = f"select (select count(*) from observations), (select coalesce(sum(n_observations), 0)::bigint from {gold.table})"
        before, after = connection.execute(query).fetchone()
    faults = (f"{gold.table} counts {after} observations, {dataset.table} holds {before}.",) if before != after else ()
    yield Passage(
        gold.id,
        gold.table,
        "gold_counts_observations",
        before,
        after,
        "Every observation of silver is in one hour of gold.",
        faults,
    )


def _as_gold_saw_it(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """SQL of the silver table at the version from which gold was built last, while its files are there; else as it is now."""
    version = (outcomes.last_inputs("gold", "gold") or {}).get(name)
    known = isinstance(version, int) and all(file.exists() for file in tables.files(name, version))
    return tables.scan(connection, name, version if known else None)


def _compare(connection: duckdb.DuckDBPyConnection, before: str, after: str, key: tuple[str, ...]) -> tuple[int, int, int, int]:
    """Rows before, rows after, keys that are only before, rows after that are only there or there twice."""
    columns = ", ".join(key)
    return connection.execute(
        f"select count(*) filter (n_before), sum(n_after)::bigint, count(*) filter (n_before and n_after = 0),"
        f" coalesce(sum(n_after - n_before::int) filter (n_after > n_before::int), 0)::bigint"
        f" from (select bool_or(is_before) as n_before, count(*) filter (not is_before) as n_after from"
        f" (select {columns}, true as is_before from {before} union all select {columns}, false from {after}) group by {columns})"
    ).fetchone()


def _faults(after: str, before: str, lost: int, extra: int) -> tuple[str, ...]:
    found = [f"{after} lacks {lost} keys that {before} has."] if lost else []
    return (*found, *([f"{after} holds {extra} rows that {before} does not have or has once."] if extra else []))


def of_serving_file() -> Iterator[Passage]:
    """Rows of each gold table in the serving file against the version of the table that the file says it holds."""
    file = settings().serving / "serving.duckdb"
    if not file.exists():
        return
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        holds = json.loads(connection.execute("select holds from meta.serving").fetchone()[0])
        for name, state in sorted(holds["gold"].items()):
            if not name.startswith("gold."):
                continue
            served = connection.execute(f"select count(*) from {name}").fetchone()[0]
            rows = _rows_of(name, state["version"])
            faults = (
                (f"The serving file holds {served} rows of {name}, version {state['version']} has {rows}.",)
                if served != rows
                else ()
            )
            yield Passage(
                name.split(".")[1], name, "served_whole", rows, served, "The serving file holds every row of the table.", faults
            )


def _rows_of(name: str, version: int) -> int:
    """Rows of a version by the table's own log; its files may be gone already."""
    return sum(tables.open_table(name, version).get_add_actions(flatten=True).column("num_records").to_pylist())
