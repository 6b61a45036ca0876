"""The kernel's peer in DuckDB: the same slices, rules, winners and hourly values as SQL, from bronze files to Parquet files.

Tuned where it paid: a slice at a time, candidates once as a table, a window over contested keys only, no kept order.
"""

from datetime import date
from pathlib import Path

import duckdb
import sqlglot

from benchmarks.look_ups import literal, look_ups, values
from lakehouse.contracts import Dataset, Rule, Source
from lakehouse.contracts.derive import spark_sql
from transforms import slices
from transforms.problems import HOURS_AHEAD, PROBLEMS

THREADS = 2

ITEM = '{"code": "VARCHAR", "value": "VARCHAR", "unit": "VARCHAR", "flag": "VARCHAR", "reason": "VARCHAR"}'
DOCUMENT = f"""{{"device": "VARCHAR", "period": "VARCHAR", "resent": "BOOLEAN", "items": [{ITEM}],
                 "meta": {{"refused_items": [{ITEM}]}}}}"""

CANDIDATES = """
create or replace temp table candidates as
with documents as (
    select _record_id, _data_origin, _observed_at, _received_at, from_json(payload, $document) as doc
    from read_parquet($files) where _observed_at >= $low and _observed_at < $high
), items as (
    select * exclude (doc), doc.device as device, doc.period as period, coalesce(doc.resent, false)::int + $rank as _rank,
        coalesce(doc.items, []) || coalesce(doc.meta.refused_items, []) as sent,
        unnest(sent, max_depth := 2), generate_subscripts(sent, 1)::int - 1 as _item_no
    from documents
), resolved as (
    select i.* exclude (sent, unit, flag), s.station_id, m.pollutant_code, m.unit_code, try_cast(i.value as double) as number,
        coalesce(u.unit_code, i.unit, m.declared) as unit, coalesce(f.flag, i.flag) as flag
    from items i left join stations s using (device) left join measures m using (code)
        left join units u using (unit) left join flags f on f.sent = i.flag
    where i.code is null or i.code not in (from ignored)
), converted as (
    select r.* exclude (number, flag), r.value as _as_sent, case when isfinite(number) then number end as number,
        case when r.value is null then coalesce(nullif(r.flag, 'ok'), 'missing') else coalesce(r.flag, 'ok') end as flag,
        c.unit_to is null and r.unit_code is not null and r.unit is not null as unfit, c.* exclude (unit_from, unit_to)
    from resolved r left join conversions c on c.unit_from = r.unit and c.unit_to = r.unit_code
), readings as (
    select station_id, pollutant_code, period, _observed_at as observed_at, unit_code, flag, _as_sent, _record_id, _item_no,
        case when factor = 1 then number else coalesce((number + before) * multiply / divide + after, number) end as value,
        _rank, _data_origin, _received_at, _received_at as _available_at,
        case when reason is not null then 'item_refused|value|' || reason
             {problems} end as _problem
    from converted
)
select *, _problem is not null or not ({holds}) as _held from readings
"""

HELD = """
select _record_id || '#' || _item_no as _hold_id, _record_id, _item_no, $source as _source_code, null::varchar as _delivery_id,
    case when _problem is not null then
        [{{field: split_part(_problem, '|', 2), "check": split_part(_problem, '|', 1), message: split_part(_problem, '|', 3)}}]
    else list_filter([{checks}], lambda c: c is not null) end as checks,
    to_json({{station_id: station_id, pollutant_code: pollutant_code, period: period, value: value, unit_code: unit_code,
        flag: flag, observed_at: observed_at, _as_sent: _as_sent}})::varchar as row, observed_at
from candidates where _held
qualify row_number() over (partition by _hold_id) = 1
"""

SILVER = """
create or replace temp table silver as
with contested as (
    select station_id, pollutant_code, period, observed_at from candidates where not _held group by all having count(*) > 1
), winners as (
    select c.* from candidates c anti join contested using (station_id, pollutant_code, period, observed_at) where not _held
    union all
    select c.* from candidates c semi join contested using (station_id, pollutant_code, period, observed_at) where not _held
    qualify row_number() over (partition by station_id, pollutant_code, period, observed_at
                               order by _rank desc, _record_id desc, _item_no) = 1
), pairs as (
    select station_id, period, observed_at, max(value) filter (where pollutant_code = 'pm25') as pm25,
        max(value) filter (where pollutant_code = 'pm10') as pm10
    from winners where pollutant_code in ('pm25', 'pm10') group by all having pm25 > pm10
)
select w.station_id, pollutant_code, w.period, w.observed_at, value, unit_code, flag,
    nullif(concat_ws(',', {warnings},
        case when pm25 is not null and pollutant_code in ('pm25', 'pm10') then 'pm25_not_above_pm10' end), '') as _warnings,
    _record_id, _item_no, $source as _source_code, _data_origin, _received_at, _available_at
from winners w left join pairs p using (station_id, period, observed_at)
"""

HOURLY = """
with by_period as (
    select station_id, pollutant_code, date_trunc('hour', observed_at) as hour_at, period,
        any_value(span) as span, avg(value) filter (where flag = 'ok') as value, arg_min(unit_code, observed_at) as unit_code,
        least(coalesce(sum(span) filter (where flag = 'ok' and value is not null), 0), 60)::bigint as minutes_valid,
        max(_warnings) as _warnings,
        arg_min(_record_id, observed_at) as _record_id, arg_min(_data_origin, observed_at) as _data_origin,
        max(_received_at) as _received_at, max(_available_at) as _available_at
    from (select *, case period when 'hour' then 60 when 'minute' then 10 else 1 end as span from silver where period <> 'day')
    group by all
)
select station_id, pollutant_code, hour_at, value, unit_code, minutes_valid, period as period_used, _warnings, _record_id,
    null::int as _item_no, $source as _source_code, _data_origin, _received_at, _available_at
from by_period qualify span = max(span) over (partition by station_id, pollutant_code, hour_at)
"""


def build(files: list[str], starts: list[date], source: Source, dataset: Dataset, folder: Path) -> None:
    """One Parquet file per slice and table below `folder`, in DuckDB with THREADS threads."""
    db = duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False})
    db.execute("set TimeZone = 'UTC'")
    for name, (columns, rows) in look_ups(source).items():
        db.execute(f"create temp table {name} as from {values(rows)} as t({columns})")
    rules = {severity: dataset.row_rules(severity) for severity in ("error", "warning")}
    candidates = CANDIDATES.format(problems=problems(), holds=" and ".join(predicate(r) for r in rules["error"]))
    silver = SILVER.format(warnings=", ".join(f"case when not {predicate(r)} then '{r.name}' end" for r in rules["warning"]))
    held = HELD.format(checks=", ".join(check(r) for r in rules["error"]))
    for start in starts:
        low, high = slices.bounds(start, dataset.partition)
        named = {"document": DOCUMENT, "files": files, "low": low, "high": high, "rank": source.rank * 1_000_000}
        db.execute(candidates, named)
        db.execute(silver, {"source": source.source})
        for table, query in (("quarantine", held), ("silver", "from silver"), ("hourly", HOURLY)):
            part = folder / table / f"{dataset.partition}={start}"
            part.mkdir(parents=True)
            query = query.replace("$source", f"'{source.source}'")
            db.execute(f"copy ({query}) to '{part / 'part.parquet'}' (format parquet, compression zstd)")


def problems() -> str:
    """Branches of the CASE that names what keeps a reading from resolving."""
    sent = {
        "station_registered": ("station_id is null", "device"),
        "code_known": ("pollutant_code is null", "code"),
        "value_is_number": ("_as_sent is not null and number is null", "_as_sent"),
        "unit_fits": ("unfit", "unit"),
        "not_from_the_future": (
            f"_observed_at > _received_at + interval {HOURS_AHEAD} hour",
            "strftime(_observed_at, '%Y-%m-%d %H:%M')",
        ),
    }
    lines = []
    for name, (condition, what) in sent.items():
        field, words = PROBLEMS[name]
        lines.append(f"when {condition} then '{name}|{field}|' || coalesce({what}, '(nothing)') || {literal(f' {words}.')}")
    return "\n             ".join(lines)


def predicate(rule: Rule) -> str:
    return sqlglot.transpile(spark_sql(rule.predicate), read="spark", write="duckdb")[0]


def check(rule: Rule) -> str:
    told = f'{{field: {literal(rule.field or "row")}, "check": {literal(rule.name)}, message: {literal(rule.description)}}}'
    return f"case when not {predicate(rule)} then {told} end"
