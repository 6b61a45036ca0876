"""Scorecards of sources: how complete, valid, timely and consistent what a department delivers is.

Shares from 0 to 1. Completeness: values present of values due in the rows received; validity: rows not held, and of records
those that no warning of accuracy or conformity marks either; timeliness: readings known within interval and latency of the
contract, records sent by the time for which their delivery was due (none where no delivery says); consistency: rows that
break no warning rule of that dimension. `unusual_volumes` counts deliveries far from the one before them (`volumes`).
"""

from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import tables
from lakehouse.contracts import Dataset, Source, contracts
from quality import volumes
from quality.accounts.deliveries import RECEIPTS
from quality.accounts.opened import ITEMS, opened

TABLE = "ops.scorecards"
TOLD = "source text, state text, landed bigint, received_at text, sent_at text, due_at text"
SHARES = ("completeness", "validity", "timeliness", "consistency")
SCHEMA = pa.schema(
    [
        ("at", pa.timestamp("us", tz="UTC")), ("department", pa.string()), ("dataset", pa.string()), ("source", pa.string()),
        ("rows", pa.int64()), ("held", pa.int64()), ("unusual_volumes", pa.int64()), *((share, pa.float64()) for share in SHARES),
        ("first_at", pa.timestamp("us", tz="UTC")), ("last_at", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip
_CARD = """
select count(*) as rows, avg(({complete}) / {due}) as completeness,
       avg((_available_at <= observed_at + to_seconds({seconds}))::int) as timeliness,
       1 - avg({inconsistent}) as consistency, 1::double as valid,
       min(observed_at) as first_at, max(observed_at) as last_at
from {table} where _source_code = $source having count(*) > 0
"""
_RECORDS_CARD = """
select s.*, b.*, (select sum(landed) filter (coalesce(sent_at, received_at)::timestamptz <= due_at::timestamptz) / sum(landed)
                  from {receipts} where source = $source and state = 'landed' and due_at is not null) as timeliness
from (select count(*) as rows, avg(({complete}) / {due}) as completeness,
             1 - avg({inconsistent}) as consistency, 1 - avg({invalid}) as valid
      from {table} where _source_code = $source having count(*) > 0) s,
     (select min(_observed_at) as first_at, max(_observed_at) as last_at from {bronze}) b
"""
INTERVAL = "case {period} when 'rtd' then 0 when 'minute' then 600 when 'day' then 86400 else 3600 end"


def compute() -> pa.Table:
    """One row per source and silver dataset that has rows (SCHEMA)."""
    cards = [card for s in contracts().sources.values() if (card := _card(contracts()[s.feeds], s))]
    return pa.Table.from_pylist(sorted(cards, key=lambda c: (c["department"], c["dataset"], c["source"])), SCHEMA)


def write() -> None:
    """Replace the scorecards by what the tables say now."""
    tables.replace(TABLE, compute())


def _card(dataset: Dataset, source: Source) -> dict | None:
    if not tables.exists(dataset.table):
        return None
    query = _of_records(dataset, source) if source.shape == "records" else _of_readings(dataset, source)
    held = f"quarantine.{dataset.id}"
    with opened({dataset.table: "", held: ITEMS, source.bronze_table: "_observed_at timestamptz", RECEIPTS: TOLD}) as connection:
        found = connection.sql(query, params={"source": source.source}).to_arrow_table().to_pylist()
        counted = connection.execute(f"select count(*) from {held} where _source_code = $1", [source.source])
        held_rows = counted.fetchone()[0]
    if not found:
        return None
    own = {
        "at": datetime.now(UTC),
        "department": source.department or dataset.owner,
        "dataset": dataset.id,
        "source": source.source,
        "held": held_rows,
        "unusual_volumes": len(volumes.unusual(source)),
    }
    card = found[0]
    return own | card | {"validity": card.pop("valid") * card["rows"] / (card["rows"] + held_rows)}


def _of_readings(dataset: Dataset, source: Source) -> str:
    is_long = any(f.name == "pollutant_code" for f in dataset.fields)
    measured = ["value"] if is_long else sorted({m.becomes for m in source.measures.values()})
    latency = dataset.promised_hours("latency") or 0
    interval = INTERVAL.format(period="period" if is_long else "''")
    return _CARD.format(table=dataset.table, seconds=f"{interval} + {latency * 3600:.0f}", **_shares(dataset, measured))


def _of_records(dataset: Dataset, source: Source) -> str:
    sent = [name for name, filling in source.fields.items() if filling.reads]
    return _RECORDS_CARD.format(table=dataset.table, bronze=source.bronze_table, receipts=RECEIPTS, **_shares(dataset, sent))


def _shares(dataset: Dataset, columns: list[str]) -> dict[str, str]:
    """SQL over a row: how many of the columns it fills and how many there are; whether warnings mark it, by dimension."""
    by_dimension = {r.name: r.dimension for r in dataset.rules if r.severity == "warning"}
    return {
        "complete": " + ".join(f'("{name}" is not null)::int' for name in columns), "due": f"{len(columns)}.0",
        "inconsistent": _marked([name for name, dimension in by_dimension.items() if dimension == "consistency"]),
        "invalid": _marked([name for name, dimension in by_dimension.items() if dimension in ("accuracy", "conformity")]),
    }  # fmt: skip


def _marked(names: list[str]) -> str:
    listed = ", ".join(f"'{name}'" for name in names)
    return f"coalesce(list_has_any(string_split(_warnings, ','), [{listed}]::varchar[]), false)::int"


def stored() -> list[dict]:
    """The stored scorecards; none before the first gate."""
    return tables.read(TABLE).to_pylist() if tables.exists(TABLE) else []


def table() -> str:
    """The stored scorecards as text. Raises LookupError before the first gate."""
    if not tables.exists(TABLE):
        raise LookupError("There are no scorecards yet; the stage gates of `lake run` makes them.")
    width = max([len(c["source"]) for c in stored()], default=0) + 2
    heads = f"{'department':<12}{'source':<{width}}{'rows':>12}{'held':>8}{'volume':>8}" + "".join(f"{s:>14}" for s in SHARES)
    lines = [
        f"{c['department']:<12}{c['source']:<{width}}{c['rows']:>12,}{c['held']:>8,}{_volume(c)}"
        + "".join(_share(c[s]) for s in SHARES)
        for c in stored()
    ]
    return "\n".join([heads, *lines])


def _share(share: float | None) -> str:
    return f"{'-':>14}" if share is None else f"{share:>14.2%}"


def _volume(card: dict) -> str:
    """Cards of a former version have none."""
    return f"{card.get('unusual_volumes') or 0:>8,}"
