"""Truth and lake in one DuckDB connection: which true entity each landed record speaks of, and where its errors were put."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import tables
from lakehouse.settings import settings
from sample_city.extract import sources

TRUTH = ("persons", "households", "addresses", "enterprises", "record_entity", "defects", "lifecycle", "identity_events")
NO_DEFECTS = (
    "source varchar, file varchar, row_no bigint, field varchar, defect_id varchar, true_value varchar, injected_value varchar"
)
LANDED = """
create table landed as
select t.source, t.file, t.row_no, d.delivery_id, coalesce(b.record_id, u.record_id) as record_id
from (select distinct source, file, row_no from truth.record_entity) t
join delivered d on d.source = t.source and d.file = t.file
left join bronze_rows b on b.source = t.source and b.delivery_id = d.delivery_id and b.row_no = t.row_no
left join letters u on u.delivery_id = d.delivery_id and u.row_no = t.row_no;
create table said as
select l.record_id, t.role, t.entity_kind, min(t.entity_no) as entity_no, any_value(t.source) as source
from landed l join truth.record_entity t using (source, file, row_no) where l.record_id is not null group by all;
"""


@dataclass(frozen=True)
class City:
    """What a built city says of itself."""

    name: str
    seed: int
    scale: float
    reference_day: str


def mapping(source: str) -> str:
    """Name of the source mapping, and of the bronze table, of one of the city's sources."""
    return f"{sources()[source].dataset}__{source}"


def about(truth: Path) -> City:
    """Raises LookupError unless the folder is the `truth` of a built city."""
    note = truth.parent / "SYNTHETIC.json"
    if not note.is_file() or not (truth / "record_entity.parquet").is_file():
        raise LookupError(
            f"--truth {truth}: this is no truth of a built city; name the folder `truth` that `lake sample-city build` wrote."
        )
    told = json.loads(note.read_text("utf-8"))
    name = f"{told['preset']} from {told['opening_day']} to {told['reference_day']}, defects {told['defects']}"
    return City(name, told["seed"], told["scale"], told["reference_day"])


def opened(truth: Path) -> duckdb.DuckDBPyConnection:
    """Schema `truth` beside those of the lake's layers, and tables of what was delivered:

    `delivered` (source, file, delivery_id); `landed` (source, file, row_no, delivery_id, record_id: null where the row is neither
    in bronze nor a dead letter); `said` (record_id, role, entity_kind, entity_no, source).
    Raises LookupError when no file of the city has been delivered.
    """
    connection = tables.duck(*_wanted())
    connection.execute("create schema truth")
    for name in TRUTH:
        file = truth / f"{name}.parquet"
        rows = f"select * from read_parquet('{str(file).replace(chr(39), chr(39) * 2)}')"
        connection.execute(
            f"create view truth.{name} as {rows}" if file.exists() else f"create table truth.{name} ({NO_DEFECTS})"
        )
    delivered = _delivered(truth.parent / "extracts")
    connection.register("delivered", delivered)
    if not delivered.num_rows:
        raise LookupError(f"No file of the city of {truth} has been delivered to this lake; deliver its extracts and `lake run`.")
    connection.execute(f"create view bronze_rows as {_bronze_rows()}")
    connection.execute(f"create view letters as {_letters()}")
    connection.execute(LANDED)
    return connection


def first(connection: duckdb.DuckDBPyConnection, query: str, given: Mapping[str, Any] | None = None) -> tuple:
    """The first row of the answer; the answer is read to its end, as the next question needs it."""
    return connection.execute(query, given).fetchall()[0]


def _wanted() -> list[str]:
    """Tables that scoring may read; those that do not exist are left out."""
    return [name for layer in ("bronze", "silver", "quarantine", "dead_letter", "ops") for name in tables.names(layer)]


def _delivered(extracts: Path) -> pa.Table:
    """One row a delivery of a file of this city: known by its name, and by its content, which another city's file has not."""
    notes = (json.loads(path.read_text("utf-8")) for path in sorted(extracts.glob("**/*.note.json")))
    own = {(mapping(note["source"]), note["file"], note["sha256"][:32]): note["source"] for note in notes}
    found = []
    for path in sorted((settings().landing / "deliveries").glob("*/*/delivery.json")):
        told = json.loads(path.read_text("utf-8"))
        source = own.get((told["source"], told["file_name"], told["delivery_id"].partition("-")[0]))
        if source:
            found.append({"source": source, "file": told["file_name"], "delivery_id": told["delivery_id"]})
    return pa.Table.from_pylist(found, pa.schema([(c, pa.string()) for c in ("source", "file", "delivery_id")]))


NO_ROWS = (
    "(select null::varchar as source, null::varchar as delivery_id, null::bigint as row_no, null::varchar as record_id limit 0)"
)


def _bronze_rows() -> str:
    """source, delivery_id, row_no, record_id of all bronze rows of the city's sources."""
    there = [name for name in sources() if tables.exists(f"bronze.{mapping(name)}")]
    read = [f"select '{name}', _delivery_id, _row_no, _record_id from bronze.{mapping(name)}" for name in there]
    return " union all ".join([NO_ROWS, *read])


def _letters() -> str:
    """The same of dead letters: rows that are no records; `source` is the name of the mapping."""
    there = sorted({s.dataset for s in sources().values() if tables.exists(f"dead_letter.{s.dataset}")})
    read = [f"select _source_code, _delivery_id, _row_no, _record_id from dead_letter.{name}" for name in there]
    return " union all ".join([NO_ROWS, *read])
