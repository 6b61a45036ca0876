"""What changed behind a register since it was built, told by the files of its tables: a file never changes, so only rows of files
that one version holds and the other does not need to be compared.

After each run a note says of which inputs and of which day the register's own tables are; where somebody else has written
them since, nothing can be told from it.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from lakehouse import tables
from lakehouse.settings import settings

PLACES = "silver.xref__addresses"
PLACE_KEYS = ("address_text", "division_hint")
DIFFERING = """
with sided as ({sides})
select distinct {keys} from (select {keys} from sided group by {keys}, said having sum(side) <> 0)
"""
SIDE = """
select {keys}, hash(t) as said, {side} as side
from read_parquet([{files}], hive_partitioning = false, union_by_name = true) t where {where}
"""


@dataclass(frozen=True)
class Built:
    """Of which inputs, versions of its own tables and day a register is."""

    inputs: dict[str, Any]
    tables: dict[str, int]
    day: date


@dataclass(frozen=True)
class Changes:
    """`records`: record_id. `places`: address_text, division_hint. Each once; with what stood before."""

    records: pa.Table
    places: pa.Table
    built: Built


def note(kind: str, inputs: dict[str, Any], names: Iterable[str], day: date) -> None:
    """Write down what the register's tables are made of, when all are written."""
    said = {"inputs": inputs, "tables": {name: tables.version(name) for name in names if tables.exists(name)}, "day": str(day)}
    path = _note(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(said), "utf-8")
    os.replace(part, path)


def since_built(kind: str, inputs: dict[str, Any], datasets: Iterable[str]) -> Changes | None:
    """What differs from the inputs of the last run; None where that cannot be told: the rules changed, files of that time are
    gone, or somebody else wrote a table of the register."""
    built = _read(kind)
    if (
        built is None
        or built.inputs["rules"] != inputs["rules"]
        or any(map(_is_written, *zip(*built.tables.items(), strict=True)))
    ):
        return None
    silver = [f"silver.{name}" for name in datasets]
    try:
        with duckdb.connect() as base:
            records = [differing(base, name, built.inputs.get(name), inputs.get(name), ("_record_id",)) for name in silver]
            places = differing(base, PLACES, built.inputs.get(PLACES), inputs.get(PLACES), PLACE_KEYS)
    except (LookupError, FileNotFoundError):
        return None
    return Changes(pa.concat_tables(records).rename_columns(["record_id"]), places, built)


def differing(
    base: duckdb.DuckDBPyConnection, name: str, before: int | None, now: int | None, keys: Sequence[str], where: str = "true"
) -> pa.Table:
    """Keys of the rows that only one of two versions of a table has (None: there was none).

    Raises LookupError or FileNotFoundError where a version or its files are gone.
    """
    old, new = ({str(f) for f in tables.files(name, at)} if at is not None else set() for at in (before, now))
    sides = [
        SIDE.format(keys=", ".join(keys), side=side, files=", ".join(f"'{_there(f)}'" for f in sorted(files)), where=where)
        for side, files in ((1, new - old), (-1, old - new)) if files
    ]  # fmt: skip
    if not sides:
        return pa.table({key: pa.nulls(0, pa.string()) for key in keys})
    return base.sql(DIFFERING.format(sides=" union all ".join(sides), keys=", ".join(keys))).to_arrow_table()


def _there(file: str) -> str:
    if not Path(file).exists():
        raise FileNotFoundError(file)
    return file.replace("'", "''")


def _is_written(name: str, version: int) -> bool:
    """Whether rows came since the version; compaction brings none."""
    return not tables.exists(name) or bool(tables.files_added(name, version, tables.open_table(name).version()))


def _read(kind: str) -> Built | None:
    path = _note(kind)
    if not path.exists():
        return None
    said = json.loads(path.read_text("utf-8"))
    return Built(said["inputs"], said["tables"], date.fromisoformat(said["day"]))


def _note(kind: str) -> Path:
    return settings().data_home / "registers" / f"{kind}.built.json"
