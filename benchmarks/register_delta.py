"""A day's records beside registers that stand: the stage `registers` on what came, beside the same stage on everything.

The day brings one record in a hundred of every department, new ones of who is known and some of who is not, and one in a thousand
of the others is withdrawn. What a linkage of everything would find is asked afterwards, and every difference is printed.
"""

import os
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measure import Claim, Run, command, surroundings
from benchmarks.registers import CLOCK, commands
from lakehouse import tables
from lakehouse.contracts import contracts
from lakehouse.settings import settings

READY = ("build the city", "deliver", "run silver", "run places")
KINDS = ("persons", "enterprises")
FULL, DELTA, ANEW = "all records", "the day's records", "all records linked anew"
OF_THE_DAY = "hash(_record_id, 'of the day') % 100 = 0"
WITHDRAWN = "hash(_record_id, 'withdrawn') % 1000 = 0"
EVERY_S = 0.2
MOST_LINES = 20
MOVED = """
with joined as (select distinct entity_id from after anti join before using (mention_id)),
left_by as (select distinct entity_id from before semi join gone using (record_id))
select b.mention_id, b.entity_id, a.entity_id, b.entity_id not in (from left_by) and a.entity_id not in (from joined)
from before b join after a using (mention_id) where a.entity_id <> b.entity_id order by 1
"""
"""Records with another id than before, and whether none came to their entity and none went from it."""
APART = """
with theirs as (select entity_id, list(mention_id order by mention_id) as members from found group by 1),
others as (select entity_id, list(mention_id order by mention_id) as members from anew group by 1),
differing as (select entity_id from theirs anti join others using (members))
select f.entity_id, count(*), count(distinct a.entity_id) + count(*) filter (a.entity_id is null)
from found f semi join differing using (entity_id) left join anew a using (mention_id) group by 1 order by 1
"""


def run(scale: float) -> bool:
    """Build a city, carry it to the registers without the day's records, then with them; whether the targets are met.

    Raises RuntimeError when a command fails, with its last words.
    """
    with tempfile.TemporaryDirectory(prefix="lake-bench-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        environment = surroundings(scratch, scratch / "data") | {
            "LAKE_SECRETS_HOME": str(scratch / "secrets"),
            "LAKE_AS_OF": CLOCK,
        }
        for name in READY:
            command(_lake(commands(scale, scratch / "city")[name]), environment)
            print(f"scale {scale:g}, {name}: done", flush=True)
        return measure(scratch, environment)


def measure(scratch: Path, environment: dict[str, str]) -> bool:
    """The same of a lake that has its silver tables."""
    os.environ.update(environment)
    settings.cache_clear()
    came = hold_back(scratch / "later")
    runs = {FULL: _timed(FULL, ["run", "registers"], environment)}
    before = {kind: links(kind) for kind in KINDS}
    gone = deliver(scratch / "later")
    print(f"{came:,} records came, {len(gone):,} went", flush=True)
    runs[DELTA] = _timed(DELTA, ["run", "registers"], environment)
    after = {kind: links(kind) for kind in KINDS}
    told = {kind: events(kind) for kind in KINDS}
    runs[ANEW] = _timed(ANEW, ["register", "relink"], environment)
    show(runs)
    claims = [Claim(f"{DELTA} / {FULL}, seconds", runs[DELTA].wall_s / runs[FULL].wall_s, 0.1,
                    cpu_ratio=runs[DELTA].cpu_s / runs[FULL].cpu_s)]  # fmt: skip
    for kind in KINDS:
        print(f"{kind}: events of ids {told[kind]}")
        claims += [churn(kind, before[kind], after[kind], gone), agreement(kind, after[kind], links(kind))]
    for claim in claims:
        print(claim.line())
    return all(claim.is_met for claim in claims)


def hold_back(folder: Path) -> int:
    """Take the day's records out of silver and put them beside; how many they are."""
    folder.mkdir()
    count = 0
    for name in _departments():
        rows = tables.read(name)
        later = _where(rows, OF_THE_DAY)
        pq.write_table(later, folder / f"{name}.parquet")
        _replace(name, _where(rows, f"not {OF_THE_DAY}"))
        count += later.num_rows
    return count


def deliver(folder: Path) -> pa.Array:
    """Bring the day's records, and take the withdrawn ones away, whose ids are returned."""
    gone = []
    for name in _departments():
        rows = tables.read(name)
        gone.append(_where(rows, WITHDRAWN)["_record_id"].combine_chunks())
        _replace(name, pa.concat_tables([_where(rows, f"not {WITHDRAWN}"), pq.read_table(folder / f"{name}.parquet")]))
    return pa.concat_arrays(gone)


def links(kind: str) -> pa.Table:
    """mention_id, record_id, entity_id of all records that are linked."""
    return tables.read(f"silver.xref__{kind}", ["mention_id", "record_id", "entity_id"], filters=pc.field("valid_to").is_null())


def events(kind: str) -> dict[str, int]:
    counted = tables.read(f"silver.identity_log__{kind}", ["event"])["event"].value_counts()
    return {row["values"]: row["counts"] for row in counted.to_pylist()}


def churn(kind: str, before: pa.Table, after: pa.Table, gone: pa.Array) -> Claim:
    """Records that were there and are there, and that another id has now."""
    with duckdb.connect() as base:
        for name, table in {"before": before, "after": after, "gone": pa.table({"record_id": gone})}.items():
            base.register(name, table)
        moved = base.sql(MOVED).fetchall()
    for mention, was, became, _ in moved[:MOST_LINES]:
        print(f"  {kind}: {mention} was of {was} and is of {became}")
    return Claim(f"{kind}: records of untouched entities with another id", sum(1 for row in moved if row[3]), 0)


def agreement(kind: str, found: pa.Table, anew: pa.Table) -> Claim:
    """Entities that hold the same records by a linkage of everything; each other one is printed."""
    with duckdb.connect() as base:
        base.register("found", found)
        base.register("anew", anew)
        apart = base.sql(APART).fetchall()
    for entity, records, others in apart:
        print(f"  {kind}: {entity} with {records} records is {others} when all are linked anew")
    entities = pc.count_distinct(found["entity_id"]).as_py()
    print(f"{kind}: {len(apart):,} of {entities:,} entities differ")
    return Claim(f"{kind}: share of entities as by a linkage of everything", 1 - len(apart) / entities, 0.999, at_least=True)


def show(runs: dict[str, Run]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="the stage registers")
    for head in ("on", "s", "CPU s", "peak MB"):
        table.add_column(head, justify="left" if head == "on" else "right")
    for name, one in runs.items():
        table.add_row(name, f"{one.wall_s:.1f}", f"{one.cpu_s:.1f}", f"{one.peak_mb:,.0f}")
    Console().print(table)


def _departments() -> list[str]:
    return [name for name in tables.names("silver") if name.startswith(("silver.population__", "silver.enterprise__"))]


def _where(rows: pa.Table, condition: str) -> pa.Table:
    with duckdb.connect() as base:
        base.register("rows", rows)
        return base.sql(f"from rows where {condition}").to_arrow_table().select(rows.schema.names).cast(rows.schema)


def _replace(name: str, rows: pa.Table) -> None:
    partition = contracts()[name.partition(".")[2]].partition
    tables.replace(name, rows, [partition] if partition else [])


def _timed(name: str, words: list[str], environment: dict[str, str]) -> Run:
    one = command(_lake(words), environment, every_s=EVERY_S)
    print(f"{name}: {one.wall_s:.1f} s, {one.cpu_s:.1f} s of processors", flush=True)
    return one


def _lake(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "lakehouse.cli", *words]
