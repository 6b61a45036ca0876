"""Scorecards of sources: how complete, valid, timely and consistent what a department delivers is.

Shares from 0 to 1. Completeness: values present of values due in the rows received; validity: rows not held; timeliness:
rows known within interval and latency of the contract; consistency: rows that break no warning rule of that dimension.
"""

from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import tables
from lakehouse.contracts import Dataset, Source, contracts
from quality.accounts.opened import ITEMS, opened

TABLE = "ops.scorecards"
SHARES = ("completeness", "validity", "timeliness", "consistency")
SCHEMA = pa.schema(
    [
        ("at", pa.timestamp("us", tz="UTC")), ("department", pa.string()), ("dataset", pa.string()), ("source", pa.string()),
        ("rows", pa.int64()), ("held", pa.int64()), *((share, pa.float64()) for share in SHARES),
        ("first_at", pa.timestamp("us", tz="UTC")), ("last_at", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip
_CARD = """
select count(*) as rows, avg(({complete}) / {due}) as completeness,
       avg((_available_at <= observed_at + to_seconds({seconds}))::int) as timeliness,
       1 - avg(coalesce(list_has_any(string_split(_warnings, ','), $consistency), false)::int) as consistency,
       min(observed_at) as first_at, max(observed_at) as last_at
from {table} where _source_code = $source having count(*) > 0
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
    is_long = any(f.name == "pollutant_code" for f in dataset.fields)
    measured = ["value"] if is_long else sorted({m.becomes for m in source.measures.values()})
    latency = dataset.promised_hours("latency") or 0
    query = _CARD.format(
        table=dataset.table, due=f"{len(measured)}.0", complete=" + ".join(f"({m} is not null)::int" for m in measured),
        seconds=f"{INTERVAL.format(period='period' if is_long else chr(39) * 2)} + {latency * 3600:.0f}",
    )  # fmt: skip
    names = [r.name for r in dataset.rules if r.severity == "warning" and r.dimension == "consistency"]
    held = f"quarantine.{dataset.id}"
    with opened({dataset.table: "", held: ITEMS}) as connection:
        found = connection.sql(query, params={"source": source.source, "consistency": names}).to_arrow_table().to_pylist()
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
    }
    return own | found[0] | {"validity": found[0]["rows"] / (found[0]["rows"] + held_rows)}


def stored() -> list[dict]:
    """The stored scorecards; none before the first gate."""
    return tables.read(TABLE).to_pylist() if tables.exists(TABLE) else []


def table() -> str:
    """The stored scorecards as text. Raises LookupError before the first gate."""
    if not tables.exists(TABLE):
        raise LookupError("There are no scorecards yet; the stage gates of `lake run` makes them.")
    heads = f"{'department':<12}{'source':<36}{'rows':>12}{'held':>8}" + "".join(f"{s:>14}" for s in SHARES)
    lines = [
        f"{c['department']:<12}{c['source']:<36}{c['rows']:>12,}{c['held']:>8,}" + "".join(f"{c[s]:>14.2%}" for s in SHARES)
        for c in stored()
    ]
    return "\n".join([heads, *lines])
