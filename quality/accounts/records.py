"""Records of a dataset: received against accepted, duplicate, quarantined and dead letter, by delivery and stream.

Nothing that a run counted is used. A record is
- an exact duplicate when its id (a hash of its content) was received before;
- accepted when one of its items is in silver, or when it holds nothing that this dataset takes;
- else quarantined when one of its items is held;
- else superseded, which is believed only when silver holds another row under the key of each of its items.
A record with an item that is nowhere is none of these and makes the difference.
"""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from lakehouse import outcomes, tables
from lakehouse.contracts import Dataset, Source, contracts
from quality.accounts import items, record_keys
from quality.accounts.ledger import Account
from quality.accounts.opened import ITEMS, LETTERS, opened

SILVER_STEP = "silver"
EXAMPLES = 3

_FATES = """
create temp table fates as
with copies as (
    select source, _record_id, unit, count(*) as landed, min(received_at) as received_at, any_value(items) as items
    from landed group by source, _record_id, unit),
late as (select source, _record_id, unit, count(*) as copies from waiting group by source, _record_id, unit),
firsts as (
    select source, _record_id, arg_min(unit, {'received': received_at, 'unit': unit}) as unit, any_value(items) as items
    from copies left join late using (source, _record_id, unit)
    where landed > coalesce(late.copies, 0) group by source, _record_id),
silver as (select _record_id, count(*) as rows from settled group by _record_id),
quarantine as (select _record_id, count(*) as rows from held group by _record_id)
select f.*, coalesce(s.rows, 0) as silver, coalesce(q.rows, 0) as held,
       f.items - coalesce(s.rows, 0) - coalesce(q.rows, 0) as missing
from firsts f left join silver s using (_record_id) left join quarantine q using (_record_id)
"""
_JUDGED = """
create temp table judged as
select fates.*, missing = coalesce(explained, 0) as is_explained from fates left join explained using (source, _record_id)
"""
_ACCOUNTS = """
with states as (
    select source, unit, count(*) as records,
           count(*) filter (is_explained and (silver > 0 or items = 0)) as accepted,
           count(*) filter (is_explained and silver = 0 and held > 0) as quarantined,
           count(*) filter (is_explained and silver = 0 and held = 0 and items > 0) as superseded
    from judged group by source, unit),
units as (
    select source, unit, sum(landed) as landed, sum(late) as late, sum(dead) as dead from (
        select source, unit, 1 as landed, 0 as late, 0 as dead from landed
        union all select source, unit, 0, 1, 0 from waiting
        union all select source, unit, 0, 0, 1 from dead_letters)
    group by source, unit)
select source, unit, landed + dead, coalesce(accepted, 0), landed - late - coalesce(records, 0), coalesce(superseded, 0),
       coalesce(quarantined, 0), dead, late
from units left join states using (source, unit) order by source, unit
"""


@dataclass(frozen=True)
class Books:
    """The accounts of one dataset and, in sentences, what does not add up."""

    accounts: list[Account]
    mismatches: list[str]


def of_dataset(dataset: Dataset) -> Books:
    """Count the dataset's records from its bronze, dead-letter, silver and quarantine tables."""
    sources = [s for s in contracts().feeding(dataset.id) if tables.exists(s.bronze_table) or tables.exists(_letters(s))]
    if not sources:
        return Books([], [])
    letters = {_letters(s): LETTERS for s in sources}
    with opened({**letters, dataset.table: ITEMS, f"quarantine.{dataset.id}": ITEMS}) as connection:
        _views(connection, dataset, sources)
        connection.execute(_FATES)
        (record_keys if contracts().is_of_records(dataset.id) else items).explain(connection, dataset, sources)
        connection.execute(_JUDGED)
        accounts = [Account(dataset.id, *row) for row in connection.execute(_ACCOUNTS).fetchall()]
        return Books(accounts, [*_unexplained(connection, dataset), *_strays(connection, dataset)])


def _views(connection: DuckDBPyConnection, dataset: Dataset, sources: list[Source]) -> None:
    """`landed`, `waiting` (landed since the last silver run), `dead_letters`, `settled`, `held`: what the books are made of."""
    built_from = (outcomes.last_inputs(SILVER_STEP, dataset.id) or {}).get("bronze", {})
    for source in sources:
        landed, waiting = _bronze(connection, source, built_from.get(source.bronze_table))
        connection.execute(f"create temp view landed_{source.source} as {landed}")
        connection.execute(f"create temp view waiting_{source.source} as {waiting}")
    selects = {
        "landed": [_landed(dataset, s) for s in sources],
        "waiting": [f"select '{s.source}' as source, {_unit(s)} as unit, _record_id from waiting_{s.source}" for s in sources],
        "dead_letters": [_dead_letters(s) for s in sources],
        "settled": [f"select _record_id, _item_no from {dataset.table}"],
        "held": [f"select _record_id, _item_no from quarantine.{dataset.id}"],
    }
    for view, parts in selects.items():
        connection.execute(f"create temp view {view} as {' union all '.join(parts)}")


def _bronze(connection: DuckDBPyConnection, source: Source, seen: int | None) -> tuple[str, str]:
    """SQL of all rows of the bronze table, and of the ids of those that came after the version that silver saw."""
    name = source.bronze_table
    if not tables.exists(name):  # all that came was dead letters
        device = (source.station and source.station.column) or "device"
        texts = ("_record_id", "_delivery_id", "_stream_id", "payload", device)
        columns = [*(f'null::text as "{t}"' for t in dict.fromkeys(texts)), "null::timestamptz as _received_at"]
        nothing = f"select {', '.join(columns)}, null::timestamptz as _observed_at limit 0"
        return nothing, nothing
    late = ", ".join(
        f"'{str(file).replace(chr(39), chr(39) * 2)}'" for file in tables.files_added(name, seen, tables.version(name))
    )
    rows = tables.scan(connection, name)
    return rows, f"select _record_id, {_unit(source)} from read_parquet([{late}])" if late else f"from ({rows}) limit 0"


def _landed(dataset: Dataset, source: Source) -> str:
    columns = f"{_unit(source)} as unit, _record_id, _received_at as received_at, {items.number_of(dataset, source)} as items"
    return f"select '{source.source}' as source, {columns} from landed_{source.source}"


def _dead_letters(source: Source) -> str:
    unit = "_delivery_id" if source.kind == "batch" else "regexp_replace(_delivery_id, '/[0-9]+$', '')"
    own = f"_source_code = '{landed_by(source).source}'"
    return f"select '{source.source}' as source, {unit} as unit from {_letters(source)} where {own}"


def _letters(source: Source) -> str:
    """The dead-letter table of the source that landed the bronze table (two sources may read one)."""
    return f"dead_letter.{landed_by(source).feeds}"


def landed_by(source: Source) -> Source:
    """The source under whose name the bronze table is landed."""
    return contracts().sources.get(source.bronze, source)


def _unit(source: Source) -> str:
    return "_delivery_id" if source.kind == "batch" else "_stream_id"


def _unexplained(connection: DuckDBPyConnection, dataset: Dataset) -> list[str]:
    """One sentence per unit with records that are neither accepted, duplicate nor quarantined."""
    found = connection.execute(
        f"select source, unit, count(*), list(_record_id order by _record_id)[:{EXAMPLES}] from judged"
        " where not is_explained group by source, unit order by 1, 2"
    ).fetchall()
    return [
        f"{source} {unit}: {count} records have items that are neither in silver nor held nor superseded"
        f" (or are there twice): {'; '.join(items.describe(connection, dataset, source, r) for r in records)}."
        for source, unit, count, records in found
    ]


def _strays(connection: DuckDBPyConnection, dataset: Dataset) -> list[str]:
    """Rows of silver and quarantine that no received record accounts for, and items that are in both.

    A record that waits is in bronze, too: after an erasure has rewritten bronze, all that was received waits."""
    lost, both = connection.execute(
        "select (select count(*) from (select _record_id from settled union all select _record_id from held) r"
        " anti join fates using (_record_id) anti join waiting using (_record_id)),"
        " (select count(*) from held semi join settled using (_record_id, _item_no))"
    ).fetchone()
    sentences = []
    if lost:
        sentences.append(f"{dataset.id}: {lost} rows of silver and quarantine belong to no record in bronze.")
    if both:
        sentences.append(f"{dataset.id}: {both} items are in silver and in quarantine at once.")
    return sentences
