"""Writing a register so that crosswalk and identity log always agree, whenever the process is killed.

The new events are set down first; then the crosswalk is replaced, then the log appended to. Who finds events set down knows
from the crosswalk's version which of the two steps was reached, and finishes or forgets them.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive.schema import arrow_schema
from lakehouse.exchange import FILE_BYTES, exchange
from lakehouse.settings import settings
from transforms.entity_resolution import crosswalk, identity_log, neighbours
from transforms.entity_resolution.linked import Linked

BEFORE = b"crosswalk_version"


def save_ids(kind: str, found: Linked, relinked: pa.Table | None = None) -> None:
    """Replace the crosswalk and append the events; of a delta the rows of the records `relinked` (mention_id).

    A delta adds its keys before: keys of ids that were never given do no harm. A full run begins with none: a run that finds
    none compares with everybody.
    """
    _keep_keys(kind, found.keys.slice(0, 0) if found.is_full else found.keys, found.is_full)
    _set_down(kind, found.events)
    dataset = crosswalk.name_of(kind).partition(".")[2]
    if relinked is None:
        save({dataset: found.xref})
    else:
        merge(dataset, relinked, found.xref)
    identity_log.append(kind, found.events)
    _pending(kind).unlink(missing_ok=True)
    if found.is_full:
        _keep_keys(kind, found.keys, is_full=True)


def finish(kind: str) -> None:
    """Before a run: finish what a killed run had begun."""
    path = _pending(kind)
    if not path.exists():
        return
    with pa.ipc.open_file(path) as file:
        events = file.read_all()
    if _version(kind) != events.schema.metadata[BEFORE]:
        identity_log.append(kind, events.replace_schema_metadata(None))
    path.unlink()


def save(rows: Mapping[str, pa.Table]) -> dict[str, int]:
    """Replace whole tables by dataset, each as its contract says, where they differ; returns their rows."""
    for dataset, table in rows.items():
        schema = schema_of(dataset)
        made = table.select(schema.names).cast(schema)
        if not tables.exists(contracts()[dataset].table) or not former(dataset).equals(made):
            tables.replace(contracts()[dataset].table, made, file_bytes=FILE_BYTES)
    return {dataset: table.num_rows for dataset, table in rows.items()}


def merge(dataset: str, touched: pa.Table, fresh: pa.Table) -> int:
    """Put `fresh` in the place of the rows whose columns of `touched` have values that it names; returns the table's rows."""
    schema = schema_of(dataset)
    return exchange(contracts()[dataset].table, touched, fresh.select(schema.names).cast(schema))


def held_first(mentions: pa.Table) -> pa.Table:
    """In this order a delta that links mentions which waited writes one file anew."""
    return pa.concat_tables([mentions.filter(mentions["is_held"]), mentions.filter(pc.invert(mentions["is_held"]))])


def schema_of(dataset: str) -> pa.Schema:
    return arrow_schema(contracts()[dataset])


def former(dataset: str) -> pa.Table:
    """The table as it stands; empty while there is none."""
    name, schema = contracts()[dataset].table, schema_of(dataset)
    return tables.read(name).select(schema.names).cast(schema) if tables.exists(name) else schema.empty_table()


def _keep_keys(kind: str, keys: pa.Table, is_full: bool) -> None:
    if is_full or not tables.exists(neighbours.table(kind)):
        tables.replace(neighbours.table(kind), keys)
    elif (fresh := _not_there(keys, neighbours.table(kind))).num_rows:
        tables.append(neighbours.table(kind), fresh)


def _not_there(keys: pa.Table, name: str) -> pa.Table:
    columns = ", ".join(keys.column_names)
    with duckdb.connect() as base:
        base.register("keys", keys)
        there = f"select {columns} from ({tables.scan(base, name)}) semi join keys using (key)"
        return base.sql(f"from keys except ({there}) order by all").to_arrow_table().cast(keys.schema)


def _set_down(kind: str, events: pa.Table) -> None:
    path, marked = _pending(kind), events.replace_schema_metadata({BEFORE: _version(kind)})
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with pa.ipc.new_file(part, marked.schema) as out:
        out.write_table(marked)
    os.replace(part, path)


def _version(kind: str) -> bytes:
    return str(tables.version(crosswalk.name_of(kind))).encode()


def _pending(kind: str) -> Path:
    return settings().data_home / "registers" / f"{kind}.events.arrow"
