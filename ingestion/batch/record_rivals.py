"""Records of a delivery of whose keys another delivery of the source speaks, too: which count.

The rule is that of silver: declared revision, period of the delivery, record id. No order of arrival takes part, so a file of
last month, or a correction without a higher revision, is told here that its rows lose.
"""

from typing import Any

import pyarrow as pa

from ingestion.batch.delivery import Delivery
from lakehouse import tables
from lakehouse.contracts import Source, contracts
from lakehouse.contracts.mapping import DELIVERY, PERIOD

_NEVER = "date '0001-01-01'"
_OF_THE_SOURCE = """
with mine as (select {keys}, _row_no as row_no, _record_id as record from delivered),
others as (
    select {keys}, max({{'revision': _revision, 'period': coalesce({period}, {never}), 'record': _record_id,
                        'delivery': _delivery_id}}) as best
    from {bronze} where _delivery_id <> $delivery group by all),
met as (
    select best.delivery as delivery, row_no, case
        when best.revision <> $revision then if(best.revision > $revision, 'revision', 'won')
        when best.period <> $own_period::date then if(best.period > $own_period::date, 'period', 'won')
        else 'chance' end as why,
        best.revision as revision, best.period as period, best.record > record as is_larger
    from mine join others using ({keys}) where best.record <> record)
select why, count(*) as rows, min(row_no) as row_no, arg_min(delivery, row_no) as delivery, max(revision) as revision,
       max(period) as period, count(*) filter (is_larger) as lost
from met where why <> 'won' group by why order by why
"""


def notes(rows: pa.Table, source: Source, delivery: Delivery) -> list[str]:
    """Sentences on the landed rows (bronze columns) that lose, or win by chance only; none when there are no rivals."""
    keys = _keys(source)
    if not keys or not rows.num_rows or not tables.exists(source.bronze_table):
        return []
    query = _OF_THE_SOURCE.format(keys=", ".join(keys), bronze=source.bronze_table, period=PERIOD, never=_NEVER)
    own = {"delivery": delivery.delivery_id, "revision": delivery.revision, "own_period": delivery.period or "0001-01-01"}
    with tables.duck(source.bronze_table) as connection:
        connection.register("delivered", rows)
        found = connection.sql(query, params=own).to_arrow_table().to_pylist()
    return [_sentence(one, delivery) for one in found]


def _keys(source: Source) -> list[str]:
    """Columns of bronze that the dataset's key is read from; none where it is derived."""
    fillings = [source.fields.get(name) for name in contracts()[source.feeds].primary_key]
    if any(filling is None for filling in fillings):
        return []
    columns = (PERIOD if f.column == DELIVERY else f.reads for f in fillings if f)
    return [f'"{column}"' for column in dict.fromkeys(filter(None, columns))]


def _sentence(found: dict[str, Any], delivery: Delivery) -> str:
    rows = f"{found['rows']} rows (the first is row {found['row_no']})"
    other, more = found["delivery"], f"deliver it again with --revision {found['revision'] + 1}"
    if found["why"] == "revision":
        return (
            f"{rows} will not reach silver: of the same records delivery {other} declared revision {found['revision']}, this one"
            f" {delivery.revision}. If this file is the newer, {more}."
        )
    if found["why"] == "period":
        return (
            f"{rows} will not reach silver: of the same records delivery {other} says how they stand on {found['period']}, this"
            f" one of {delivery.period or 'no day'}, which is earlier."
        )
    return (
        f"{rows} differ from delivery {other}, which speaks of the same records on the same day in the same revision"
        f" {found['revision']}. Of equals the larger record id counts, whatever came last: {found['lost']} of these rows will not"
        f" reach silver. If this file corrects the other, {more}."
    )
