"""The kernel's peer in plain PySpark with Delta: joins with small tables, windows and aggregates over all rows, three tables.

It runs in the platform's session, with the same memory, cores and settings.
"""

from pyspark.sql import DataFrame, SparkSession

from benchmarks.look_ups import look_ups, values
from lakehouse import tables
from lakehouse.contracts import Dataset, Rule, Source
from lakehouse.contracts.derive import spark_sql
from transforms.problems import HOURS_AHEAD, PROBLEMS
from transforms.sql.expressions import literal

ITEM = "struct<code string, value string, unit string, flag string, reason string>"
DOCUMENT = f"device string, period string, resent boolean, items array<{ITEM}>, meta struct<refused_items array<{ITEM}>>"

CANDIDATES = """
with documents as (
    select _record_id, _data_origin, _observed_at, _received_at, from_json(payload, '{document}') as doc from bronze
), items as (
    select * except (doc), doc.device, doc.period, int(coalesce(doc.resent, false)) + {rank} as _rank,
        posexplode(concat(coalesce(doc.items, array()), coalesce(doc.meta.refused_items, array()))) as (_item_no, item)
    from documents
), resolved as (
    select i.*, s.station_id, m.pollutant_code, m.unit_code, item.value as _as_sent, item.reason,
        try_cast(item.value as double) as number, coalesce(u.unit_code, item.unit, m.declared) as sent_unit,
        coalesce(f.flag, item.flag) as named_flag
    from items i left join stations s on s.device = i.device left join measures m on m.code = item.code
        left join units u on u.unit = item.unit left join flags f on f.sent = item.flag
        left anti join ignored g on g.code = item.code
), converted as (
    select r.* except (number), if(isnan(number) or abs(number) = double('infinity'), null, number) as number,
        case when _as_sent is null then coalesce(nullif(named_flag, 'ok'), 'missing') else coalesce(named_flag, 'ok') end as flag,
        c.unit_to is null and unit_code is not null and sent_unit is not null as unfit, c.*
    from resolved r left join conversions c on c.unit_from = sent_unit and c.unit_to = unit_code
), readings as (
    select station_id, pollutant_code, period, _observed_at as observed_at, unit_code, flag, _as_sent, _record_id, _item_no,
        case when factor = 1 then number else coalesce((number + before) * multiply / divide + after, number) end as value,
        _rank, _data_origin, _received_at, _received_at as _available_at,
        case when reason is not null then 'item_refused|value|' || reason {problems} end as _problem
    from converted
)
select *, date(trunc(observed_at, 'MM')) as {partition}, _problem is not null or not ({holds}) as _held from readings
"""

HELD = """
select _record_id || '#' || _item_no as _hold_id, _record_id, _item_no, '{source}' as _source_code,
    cast(null as string) as _delivery_id,
    case when _problem is not null then array(named_struct('field', split_part(_problem, '|', 2),
            'check', split_part(_problem, '|', 1), 'message', split_part(_problem, '|', 3)))
        else filter(array({checks}), c -> c is not null) end as checks,
    to_json(struct(station_id, pollutant_code, period, value, unit_code, flag, observed_at, _as_sent)) as row,
    observed_at, {partition}
from candidates where _held
"""

SILVER = """
with ranked as (
    select *, row_number() over (partition by station_id, pollutant_code, period, observed_at
                                 order by _rank desc, _record_id desc, _item_no) as place
    from candidates where not _held
), side_by_side as (
    select *, max(if(pollutant_code = 'pm25', value, null)) over one as pm25,
        max(if(pollutant_code = 'pm10', value, null)) over one as pm10
    from ranked where place = 1 window one as (partition by station_id, period, observed_at)
)
select station_id, pollutant_code, period, observed_at, value, unit_code, flag,
    nullif(concat_ws(',', {warnings},
        case when pollutant_code in ('pm25', 'pm10') and pm25 > pm10 then 'pm25_not_above_pm10' end), '') as _warnings,
    _record_id, _item_no, '{source}' as _source_code, _data_origin, _received_at, _available_at, {partition}
from side_by_side
"""

HOURLY = """
with by_period as (
    select station_id, pollutant_code, date_trunc('hour', observed_at) as hour_at, period, {partition},
        case period when 'hour' then 60 when 'minute' then 10 else 1 end as span,
        avg(value) filter (where flag = 'ok') as value, min_by(unit_code, observed_at) as unit_code,
        count(value) filter (where flag = 'ok') as readings, max(_warnings) as _warnings,
        min_by(_record_id, observed_at) as _record_id, min_by(_data_origin, observed_at) as _data_origin,
        max(_received_at) as _received_at, max(_available_at) as _available_at
    from {silver} where period <> 'day' group by all
), ranked as (
    select *, row_number() over (partition by station_id, pollutant_code, hour_at order by span desc) as place from by_period
)
select station_id, pollutant_code, hour_at, value, unit_code, least(readings * span, 60) as minutes_valid,
    period as period_used, _warnings, _record_id, cast(null as int) as _item_no, '{source}' as _source_code, _data_origin,
    _received_at, _available_at, {partition}
from ranked where place = 1
"""


def build(spark: SparkSession, source: Source, dataset: Dataset) -> None:
    """Quarantine, silver and hourly values of all bronze rows as Delta tables of the lake."""
    spark.read.format("delta").load(str(tables.location(source.bronze_table))).createOrReplaceTempView("bronze")
    for name, (columns, rows) in look_ups(source).items():
        spark.sql(f"select * from {values(rows)} as t({columns})").createOrReplaceTempView(name)
    errors, warnings = dataset.row_rules("error"), dataset.row_rules("warning")
    named = {"source": source.source, "partition": dataset.partition, "document": DOCUMENT, "rank": source.rank * 1_000_000}
    holds = " and ".join(spark_sql(r.predicate) for r in errors)
    candidates = spark.sql(CANDIDATES.format(problems=problems(), holds=holds, **named)).persist()
    candidates.createOrReplaceTempView("candidates")
    held = spark.sql(HELD.format(checks=", ".join(check(r) for r in errors), **named))
    write(held.dropDuplicates(["_hold_id"]), f"quarantine.{dataset.id}", dataset)
    told = ", ".join(f"case when not {spark_sql(r.predicate)} then '{r.name}' end" for r in warnings)
    write(spark.sql(SILVER.format(warnings=told, **named)), dataset.table, dataset)
    candidates.unpersist()
    hours(spark, source, dataset)


def hours(spark: SparkSession, source: Source, dataset: Dataset) -> None:
    """The hourly table from the silver table."""
    silver = f"delta.`{tables.location(dataset.table)}`"
    hourly = HOURLY.format(silver=silver, partition=dataset.partition, source=source.source)
    write(spark.sql(hourly), f"{dataset.table}_hourly", dataset)


def write(rows: DataFrame, name: str, dataset: Dataset) -> None:
    rows.write.format("delta").partitionBy(dataset.partition).save(str(tables.location(name)))


def problems() -> str:
    """Branches of the CASE that names what keeps a reading from resolving."""
    sent = {
        "station_registered": ("station_id is null", "device"),
        "code_known": ("pollutant_code is null", "item.code"),
        "value_is_number": ("_as_sent is not null and number is null", "_as_sent"),
        "unit_fits": ("unfit", "sent_unit"),
        "not_from_the_future": (
            f"_observed_at > _received_at + interval {HOURS_AHEAD} hour",
            "date_format(_observed_at, 'yyyy-MM-dd HH:mm')",
        ),
    }
    lines = []
    for name, (condition, what) in sent.items():
        field, words = PROBLEMS[name]
        lines.append(f"when {condition} then '{name}|{field}|' || coalesce({what}, '(nothing)') || {literal(f' {words}.')}")
    return "\n".join(lines)


def check(rule: Rule) -> str:
    told = f"named_struct('field', '{rule.field or 'row'}', 'check', '{rule.name}', 'message', {literal(rule.description)})"
    return f"case when not {spark_sql(rule.predicate)} then {told} end"
