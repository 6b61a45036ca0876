"""Stage `serving`: gold, code lists, the record of operation and the contracts' labels as one DuckDB file.

Dashboards, portal and `lake sql` read `<data home>/serving/serving.duckdb`, a symbolic link to `serving-v<N>.duckdb`.
A new version is a new file; only then the link moves (atomically), so a reader sees one version or the other, never
half of one. The version before stays for readers that still hold it. Written in DuckDB's 1.4 file format, because
the dashboards' environment has an older DuckDB than this one.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path
from threading import Lock

import duckdb

from lakehouse import outcomes, progress, tables
from lakehouse.contracts import contracts
from lakehouse.pipeline import Stage
from lakehouse.settings import settings
from publishing import labels

STORAGE_VERSION = "v1.4.0"
LINK = "serving.duckdb"  # never gold.duckdb: a file named like a schema in it makes DuckDB's names ambiguous
SERVED_LAYERS = ("gold", "reference")
OPERATIONS = (
    "ops.run_outcomes",
    "ops.gate_outcomes",
    "ops.delivery_receipts",
    "ops.stream_ledger",
    "ops.release_manifests",
    "ops.linkage_scores",
    "ops.linkage_curves",
    "ops.defect_catches",
)
KEPT_VERSIONS = 2
CONNECTING = Lock()


def plan() -> dict[str, object]:
    """What the next file will hold; empty when there is no gold table yet or nothing changed.

    `action`: `rebuild` when a gold table, a code list or a contract changed; `refresh` when only operations did (the file is
    copied and its schema `ops` replaced).
    """
    gold = {name: state(name) for layer in SERVED_LAYERS for name in tables.names(layer)}
    ops = {name: state(name) for name in OPERATIONS if tables.exists(name)}
    wanted = {"gold": gold, "ops": ops, "contracts": contracts_digest()}
    held = manifest()
    if not tables.names("gold") or held == wanted:
        return {}
    same_gold = held is not None and all(held[part] == wanted[part] for part in ("gold", "contracts"))
    action = "refresh" if same_gold else "rebuild"
    return {"action": action, "number": (current_number() or 0) + 1, "holds": wanted}


def state(name: str) -> dict[str, object]:
    """Version and commit time: after a restore from backup the number alone may stand for other rows."""
    version = tables.version(name)
    return {"version": version, "committed_at": tables.committed_at(name, version).isoformat()}


def run(plan: dict[str, object]) -> None:
    """Write the planned version and move the link to it."""
    number, holds = plan["number"], plan["holds"]
    if plan["action"] == "refresh":  # copies the record of operation itself: a row about it would never let it rest
        write(number, holds, keep_gold=True)
        publish(number)
        return
    inputs = {name: held["version"] for name, held in (holds["gold"] | holds["ops"]).items()}
    with outcomes.step("serving", "serving_file", inputs) as outcome:
        outcome.rows_out = sum(write(number, holds, keep_gold=False).values())
        outcome.detail = {"version": number}
        publish(number)


def connect() -> duckdb.DuckDBPyConnection:
    """A read-only connection to the version in force; it cannot open any other file of the machine.

    Schemas: `gold`, `reference`, `ops`, and `meta` (datasets, columns, serving). Times are UTC. Raises LookupError before the
    first version exists.
    """
    if current_number() is None:
        raise LookupError(f"No serving file at {link()}: `lake run` makes it from the gold tables.")
    with CONNECTING:  # connections to one version share an instance of DuckDB and its settings
        # The versioned file, not the link: one process never mixes two versions under one path.
        connection = duckdb.connect(str(link().resolve()), read_only=True, config={"enable_external_access": "false"})
        if not connection.execute("select current_setting('lock_configuration')").fetchone()[0]:
            connection.execute("set global TimeZone = 'UTC'")
            connection.execute("set lock_configuration = true")
    return connection


def link() -> Path:
    return settings().serving / LINK


def version_file(number: int) -> Path:
    return settings().serving / f"serving-v{number}.duckdb"


def current_number() -> int | None:
    """Number of the version that the link names; None before the first."""
    target = link().resolve()
    return int(target.stem.removeprefix("serving-v")) if link().is_symlink() and target.exists() else None


def manifest() -> dict[str, object] | None:
    """What the version in force was made from (`gold`, `ops`: state of each table; `contracts`: digest)."""
    if current_number() is None:
        return None
    with connect() as connection:
        return json.loads(connection.execute("select holds from meta.serving").fetchone()[0])


def contracts_digest() -> str:
    """Changes whenever a text, column or key of a gold contract does."""
    return hashlib.sha256(repr(contracts().of_layer("gold")).encode()).hexdigest()[:16]


def write(number: int, holds: dict[str, dict], keep_gold: bool) -> dict[str, int]:
    """Write version `number` beside the others under a provisional name; returns rows per table copied."""
    part = version_file(number).with_suffix(".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    for stale in part.parent.glob("*.part*"):
        stale.unlink()
    if keep_gold:
        shutil.copyfile(link().resolve(), part)
    wanted = holds["ops"] if keep_gold else holds["gold"] | holds["ops"]
    with duckdb.connect() as connection:
        quoted = str(part).replace("'", "''")
        connection.execute(f"attach '{quoted}' as serving (storage_version '{STORAGE_VERSION}')")
        connection.execute("use serving")
        rows = {name: copy_table(connection, name, held["version"]) for name, held in wanted.items()}
        labels.write(connection, number, holds)
        connection.execute("use memory")
        connection.execute("detach serving")  # checkpoints: no write-ahead log is left beside the file
    return rows


def copy_table(connection: duckdb.DuckDBPyConnection, name: str, version: int) -> int:
    """Copy one version of a Delta table, sorted by its contract's key; returns its rows."""
    progress.doing(f"{name} into the serving file")
    layer, table = name.split(".")
    dataset = contracts().datasets.get(table)
    order = ", ".join(f'"{column}"' for column in dataset.primary_key) if dataset and dataset.primary_key else "all"
    connection.execute(f"create schema if not exists {layer}")
    connection.register("rows_of_version", tables.read(name, version=version))
    connection.execute(f"create or replace table {name} as from rows_of_version order by {order}")
    connection.unregister("rows_of_version")
    return connection.execute(f"select count(*) from {name}").fetchone()[0]


def publish(number: int) -> None:
    """Give the written file its name, move the link to it, remove versions older than the one before."""
    file = version_file(number)
    part = file.with_suffix(".part")
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.rename(file)
    next_link = link().with_suffix(".next")
    next_link.unlink(missing_ok=True)
    next_link.symlink_to(file.name)
    next_link.replace(link())
    for old in settings().serving.glob("serving-v*.duckdb"):
        if int(old.stem.removeprefix("serving-v")) <= number - KEPT_VERSIONS:
            old.unlink()


SERVING = Stage("serving", after=("gold", "gates", "gold_forecasts", "gates_forecasts"), plan=plan, run=run)
