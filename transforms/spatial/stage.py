"""The stage `places`: rebuilds the geographic register when a dataset that it is made of, or a rule, has changed."""

import hashlib

import pyarrow as pa

from lakehouse import outcomes, progress, tables
from lakehouse.contracts import contracts
from lakehouse.contracts.derive import arrow_schema
from lakehouse.contracts.load import FOLDER
from lakehouse.pipeline import Plan, Stage
from transforms.spatial import sources

STEP, REGISTER = "places", "geography"
CODE_LISTS = ("divisions", "division_succession", "renamed_roads")


def plan() -> Plan:
    """Versions of the tables that the register is made of, the state of all written addresses and the hash of its rules.

    Empty = nothing new or nothing there. A delivery that writes no new address is no work.
    """
    there = [name for name in (*sources.DATASETS, *sources.SURVEYED_TOO, *sources.OF_MAPS) if tables.exists(f"silver.{name}")]
    if not (sources.is_city(there) or set(there) & set(sources.OF_MAPS)):
        return {}
    inputs: Plan = {f"silver.{name}": tables.version(f"silver.{name}") for name in there}
    inputs |= {"texts": sources.state_of_address_texts(), "rules": _rules()}
    return {} if outcomes.last_inputs(STEP, REGISTER) == inputs else {"inputs": inputs}


def run(work: Plan) -> None:
    """Build all tables of the register and replace those that differ."""
    from lakehouse.session import spark_session
    from transforms.spatial.run import build

    with outcomes.step(STEP, REGISTER, work["inputs"]) as outcome:
        sent, texts = sources.read_sources(), sources.read_address_texts()
        made = build(spark_session(), sent, texts)
        progress.doing("tables of places, written")
        for name, columns in made.items():
            rows = in_form(name, columns)
            if not _is_held(name, rows):
                tables.replace(f"silver.{name}", rows)
            outcome.detail[name] = rows.num_rows
        outcome.rows_in = sum(rows.num_rows for rows in sent.values())
        outcome.rows_out = sum(outcome.detail.values())


def in_form(name: str, columns: dict[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    """Columns as the contract lists and types them, in order of its key."""
    dataset = contracts()[name]
    schema = arrow_schema(dataset)
    rows = pa.table([columns[f.name].cast(f.type) for f in schema], schema=schema)
    return rows.sort_by([(key, "ascending") for key in dataset.primary_key])


def _is_held(name: str, rows: pa.Table) -> bool:
    """Whether the table says the same already: what rests on it then has nothing to do."""
    if not tables.exists(f"silver.{name}"):
        return False
    held = tables.read(f"silver.{name}")
    return held.column_names == rows.column_names and in_form(name, dict(zip(held.column_names, held, strict=True))).equals(rows)


def _rules() -> str:
    """Hash of the code lists and contracts that the register is made by."""
    files = [FOLDER / "reference" / f"{name}.csv" for name in CODE_LISTS]
    files += sorted((FOLDER / "geography").glob("*.odcs.yaml"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


PLACES = Stage("places", after=("silver",), plan=plan, run=run)
