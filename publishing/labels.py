"""What the contracts say about the served tables, inside the serving file: comments and the schema `meta`."""

import json
from collections.abc import Iterable

import duckdb

from lakehouse.contracts import Dataset, contracts
from lakehouse.settings import settings
from publishing import wide_views

DATASETS = """create or replace table meta.datasets (
    dataset varchar primary key, table_name varchar, name_en varchar, name_zh varchar, description varchar,
    grain varchar, contract_version varchar, table_version bigint, row_count bigint, owner varchar, licence varchar,
    theme varchar, example_sql varchar)"""
COLUMNS = """create or replace table meta.columns (
    dataset varchar, position integer, column_name varchar, name_en varchar, name_zh varchar, unit varchar,
    logical_type varchar, is_key boolean, classification varchar, description varchar)"""
SERVING = """create or replace table meta.serving (number bigint, as_of timestamptz, holds varchar)"""


def write(connection: duckdb.DuckDBPyConnection, number: int, holds: dict[str, object]) -> None:
    """Write comments and `meta.datasets`, `meta.columns`, `meta.serving` (one row) into the current database."""
    connection.execute("create schema if not exists meta")
    for statement in (DATASETS, COLUMNS, SERVING):
        connection.execute(statement)
    connection.execute(
        "insert into meta.serving values (?, ?, ?)", [number, settings().as_of_time(), json.dumps(holds, sort_keys=True)]
    )
    for dataset in served(holds["gold"]):
        _describe(connection, dataset, holds["gold"][dataset.table]["version"])
        wide_views.write(connection, dataset)


def served(gold: Iterable[str]) -> list[Dataset]:
    """The contracts of the gold tables that are there."""
    return [dataset for dataset in contracts().of_layer("gold") if dataset.table in set(gold)]


def _describe(connection: duckdb.DuckDBPyConnection, dataset: Dataset, table_version: int) -> None:
    rows = connection.execute(f"select count(*) from {dataset.table}").fetchone()[0]
    connection.execute(
        "insert into meta.datasets values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [dataset.id, dataset.table, dataset.name_en, dataset.name_zh, dataset.description, dataset.grain,
         dataset.version, table_version, rows, dataset.owner, dataset.licence, dataset.theme,
         dataset.properties.get("exampleSql")],
    )  # fmt: skip
    connection.executemany(
        "insert into meta.columns values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [[dataset.id, position, f.name, f.name_en, f.name_zh, f.unit, f.logical_type, f.primary_key,
          f.classification, f.description] for position, f in enumerate(dataset.fields, start=1)],
    )  # fmt: skip
    connection.execute(f"comment on table {dataset.table} is {_text(f'{dataset.name_zh} {dataset.name_en}: {dataset.grain}')}")
    for column in existing_columns(connection, dataset.table):
        if column in {f.name for f in dataset.fields}:
            connection.execute(f'comment on column {dataset.table}."{column}" is {_text(comment(dataset, column))}')


def comment(dataset: Dataset, column: str) -> str:
    """`日均值 Daily mean (ug/m3): what the column says`."""
    field = dataset.field(column)
    unit = f" ({field.unit})" if field.unit else ""
    return f"{field.name_zh} {field.name_en}{unit}: {field.description}"


def existing_columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
